// Runs one receiver to its last byte, and counts what it and its sender have used.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { givenBackBytes } from '../given-back.ts'
import { type Cost, cpuSecondsOfAll, peakBytesOfAll, TIME } from '../process.ts'

export interface Receiver {
  command: string
  args: string[]
  env?: NodeJS.ProcessEnv
  /**
   * `end`: done when it ends. `lines`: it prints `ready`, begins with the line `go`, prints `done`, and ends when its standard input does
   * (the peers of bench/swarm).
   */
  done: 'end' | 'lines'
  /** A file that it makes when it is done, where its end comes later. */
  mark?: string
}

export interface PairCost extends Cost {
  senderCpuSeconds: number
  /** Peak resident set size of the sender since it was started. */
  senderPeakBytes: number
  /** Memory that the machine gave back to its host meanwhile: the run paid for what the machine does, and not only for its own work. */
  givenBackBytes: number
}

/** `sender`: a running process, whose children count too. */
export async function receive(receiver: Receiver, sender: number, report: string): Promise<PairCost> {
  const before = cpuSecondsOfAll(sender)
  const givenBackBefore = givenBackBytes()
  const began = performance.now()
  const beganAt = Date.now()
  const child = spawn(TIME, ['-f', '%U %S %M', '-q', '-o', report, receiver.command, ...receiver.args], {
    stdio: [receiver.done === 'lines' ? 'pipe' : 'ignore', receiver.done === 'lines' ? 'pipe' : 'ignore', 'pipe'],
    env: { ...process.env, ...receiver.env },
  })
  let complaint = ''
  child.stderr?.on('data', chunk => {
    complaint = `${complaint}${chunk}`.slice(-2000)
  })
  const closed = once(child, 'close') as Promise<[number | null]>
  let wallSeconds: number | undefined
  if (child.stdout !== null && child.stdin !== null) {
    for await (const line of createInterface({ input: child.stdout })) {
      const { type, message } = JSON.parse(line) as { type: string; message?: string }
      if (type === 'ready') child.stdin.write('go\n')
      if (type === 'error') throw new Error(message)
      if (type !== 'done') continue
      wallSeconds = (performance.now() - began) / 1000
      child.stdin.end()
    }
  }
  const [code] = await closed
  wallSeconds ??= (performance.now() - began) / 1000
  if (receiver.mark !== undefined) wallSeconds = (Number(await readFile(receiver.mark, 'utf8')) * 1000 - beganAt) / 1000
  else if (code !== 0) throw new Error(`${receiver.command} ended with ${code}: ${complaint}`)
  const [user = NaN, system = NaN, peak = NaN] = (await readFile(report, 'utf8')).trim().split(' ').map(Number)
  await rm(report)
  return {
    wallSeconds,
    cpuSeconds: user + system,
    peakBytes: peak * 1024,
    senderCpuSeconds: cpuSecondsOfAll(sender) - before,
    senderPeakBytes: peakBytesOfAll(sender),
    givenBackBytes: givenBackBytes() - givenBackBefore,
  }
}
