// Checks that all programs that a run needs are installed, and says how to install the missing ones.
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { NGINX } from './origin.ts'
import type { Need, Tool } from './tools/tool.ts'

/** What every run needs. */
const ALWAYS: readonly Need[] = [
  { program: 'ip', install: 'iproute2' },
  { program: 'tc', install: 'iproute2' },
  { program: NGINX, install: 'nginx-light' },
  { program: 'curl', install: 'curl' },
]

/** What a person has to do first; undefined when nothing. */
export function missing(tools: readonly Tool[], isHere: (program: string) => boolean = isInstalled): string | undefined {
  const absent = [...ALWAYS, ...tools.flatMap(tool => tool.needs)].filter(need => !isHere(need.program))
  if (absent.length === 0) return undefined
  const programs = [...new Set(absent.map(need => need.program))]
  const packages = [...new Set(absent.map(need => need.install).filter(name => !name.includes(' ')))]
  const others = [...new Set(absent.map(need => need.install).filter(name => name.includes(' ')))]
  const apt = packages.length === 0 ? [] : [`apt-get install -y --no-install-recommends ${packages.join(' ')}`]
  return `missing: ${programs.join(', ')}\nfirst run: ${[...apt, ...others].join(' && ')}`
}

export function isInstalled(program: string): boolean {
  const folders = program.includes('/') ? [''] : (process.env.PATH ?? '').split(path.delimiter)
  return folders.some(folder => {
    try {
      accessSync(path.join(folder, program), constants.F_OK)
      return true
    } catch {
      return false
    }
  })
}
