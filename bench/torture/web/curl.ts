// What a plain curl makes of the same origin, as a real process: the measure for a download that has failed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { sha256Hex } from '../content.ts'
import type { WebOriginPlan } from './plan.ts'
import { WebOrigin } from './server.ts'

/** curl waits 31 s between five retries; a run has so long. */
const LIMIT_MS = 180_000
const PLAIN = ['-q', '-sSfL', '--retry', '5', '--retry-all-errors']

export interface CurlTold {
  isRight: boolean
  said: string
}

/** Bytes of the content that are there already, and the strong ETag that they came with. */
export interface Half {
  bytes: number
  etag: string
}

/** `begun`: requests that the origin has had before. `half`: to go on from, by a range under its ETag as RFC 9110 §13.1.5 has it. */
export async function curl(plan: WebOriginPlan, begun: number, output: string, half?: Half): Promise<CurlTold> {
  const origin = new WebOrigin(plan, { log: () => {}, begun })
  await origin.start()
  try {
    if (half !== undefined) await writeFile(output, (origin.versions[0] as Buffer).subarray(0, half.bytes))
    const goingOn = half === undefined ? [] : ['-C', '-', '-H', `If-Range: ${half.etag}`]
    const child = spawn('curl', [...PLAIN, ...goingOn, '-o', output, origin.url], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', text => {
      said = (said + text).slice(-300)
    })
    const late = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
    const [code] = await once(child, 'close')
    clearTimeout(late)
    const bytes = await readFile(output).catch(() => undefined)
    // an empty content leaves no file at some versions of curl
    const isRight = code === 0 && origin.hashes.includes(sha256Hex(bytes ?? Buffer.alloc(0)))
    return { isRight, said: `curl ended with ${code}${isRight || code !== 0 ? '' : ' and wrong bytes'} ${said.trim()}` }
  } finally {
    await origin.stop()
    await rm(output, { force: true })
  }
}
