// Runs one command and measures its cost as the system counts it: wall time, CPU time, peak memory.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'

/** GNU time, which asks the system (wait4) what a process has used when it ends. */
export const TIME = '/usr/bin/time'

export interface Cost {
  /** From the start of the process to its end. */
  wallSeconds: number
  /** User and system. */
  cpuSeconds: number
  /** Peak resident set size. */
  peakBytes: number
}

/** Runs a command to its end. Rejects when it fails. `report`: a path for what `time` writes. */
export async function measure(command: string, args: readonly string[], report: string, options = {}): Promise<Cost> {
  if (!existsSync(TIME)) throw new Error(`${TIME} is needed (apt-get install time)`)
  const began = performance.now()
  const child = spawn(TIME, ['-f', '%U %S %M', '-o', report, command, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    ...options,
  })
  const [code] = await once(child, 'close')
  const wallSeconds = (performance.now() - began) / 1000
  if (code !== 0) throw new Error(`${command} ended with ${code}`)
  const [user = NaN, system = NaN, peak = NaN] = (await readFile(report, 'utf8')).trim().split(' ').map(Number)
  await rm(report)
  return { wallSeconds, cpuSeconds: user + system, peakBytes: peak * 1024 }
}

/** CPU seconds that a running process has used so far (Linux). */
export function cpuSecondsOf(pid: number): number {
  return cpuSecondsIn(`/proc/${pid}/stat`)
}

/** The same of its main thread alone. */
export function mainCpuSecondsOf(pid: number): number {
  return cpuSecondsIn(`/proc/${pid}/task/${pid}/stat`)
}

function cpuSecondsIn(file: string): number {
  const stat = readFileSync(file, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond()
}

/** Peak resident set size of a running process since its start (Linux). */
export function peakBytesOf(pid: number): number {
  return statusOf(pid, 'VmHWM')
}

/** The same two of a process and its children. */
export function cpuSecondsOfAll(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, one) => sum + cpuSecondsOf(one), 0)
}

/** The largest of them. */
export function peakBytesOfAll(pid: number): number {
  return Math.max(...[pid, ...childrenOf(pid)].map(peakBytesOf))
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

export function residentBytesOf(pid: number): number {
  return statusOf(pid, 'VmRSS')
}

/** The peak of a process that will end by itself: looked at often, because nobody can look afterwards. */
export function watchPeak(child: ChildProcess, everyMs = 50): () => number {
  let peak = 0
  const look = () => {
    try {
      peak = peakBytesOf(child.pid as number)
    } catch {
      // it has ended
    }
  }
  const timer = setInterval(look, everyMs)
  child.once('exit', () => clearInterval(timer))
  return () => peak
}

function statusOf(pid: number, key: string): number {
  const match = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (match === null) throw new Error(`process ${pid} has no ${key}`)
  return Number(match[1]) * 1024
}

let ticks: number | undefined

function ticksPerSecond(): number {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK']).toString())
  return ticks
}
