// promtool and Prometheus, where they are installed.
import { spawnSync } from 'node:child_process'

/** Whether a program of Prometheus is here; says so loudly when not. */
export function hasPrometheus(program: 'prometheus' | 'promtool'): boolean {
  const isHere = spawnSync(program, ['--version']).status === 0
  if (!isHere) console.warn(`SKIPPED: ${program} is not installed (apt-get install prometheus)`)
  return isHere
}

/** What promtool says, and nothing when all is well. `input`: its standard input. */
export function promtool(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  return status === 0 && !args.includes('metrics')
    ? ''
    : status === 0
      ? stdout + stderr
      : `exit code ${status}: ${stdout}${stderr}`
}
