// Feeds one target with mutated examples until it has had enough, or is found at fault.
import { Dice, mutated } from './mutation.ts'
import { isRefusal, type Target } from './targets.ts'

/** An input that costs more processor time than so much, each time, is a finding, ms. */
const SLOW_MS = 300
/** A pause of the collector does not come again. */
const AGAIN = 3
/** The clock is looked at after so many. */
const BATCH = 256

export interface Amount {
  /** Which inputs. */
  seed: number
  /** So many at least. */
  inputs: number
  /** And for so long at least, ms. */
  ms: number
}

export interface Fuzzed {
  inputs: number
  /** Of them were taken for good ones. */
  taken: number
  /** The one that took longest, ms of the processor. */
  slowestMs: number
  /** What is wrong; undefined: nothing. */
  finding: { input: Uint8Array; why: string } | undefined
}

export async function fuzz({ examples, feed }: Target, { seed, inputs, ms }: Amount): Promise<Fuzzed> {
  const dice = new Dice(seed)
  const end = performance.now() + ms
  const told: Fuzzed = { inputs: 0, taken: 0, slowestMs: 0, finding: undefined }
  while (told.finding === undefined && (told.inputs < inputs || performance.now() < end)) {
    for (let n = 0; n < BATCH && told.finding === undefined; n++) {
      const input = mutated(examples, dice)
      const why = await fed(input, feed, told)
      if (why !== undefined) told.finding = { input, why }
    }
  }
  return told
}

/** What is wrong with how the input was received. */
async function fed(input: Uint8Array, feed: Target['feed'], told: Fuzzed): Promise<string | undefined> {
  told.inputs++
  let took = Infinity
  for (let n = 0; n < AGAIN && took > SLOW_MS; n++) {
    const begun = process.cpuUsage()
    const outcome = await outcomeOf(feed, input)
    if (typeof outcome !== 'boolean') return outcome.why
    if (n === 0 && outcome) told.taken++
    const { user, system } = process.cpuUsage(begun)
    took = Math.min(took, (user + system) / 1000)
  }
  told.slowestMs = Math.max(told.slowestMs, took)
  return took > SLOW_MS ? `took ${took.toFixed(0)} ms` : undefined
}

/** Whether it was taken, or what is wrong. */
async function outcomeOf(feed: Target['feed'], input: Uint8Array): Promise<boolean | { why: string }> {
  try {
    const feeding = feed(input)
    if (feeding instanceof Promise) await feeding
    return true
  } catch (error) {
    if (isRefusal(error)) return false
    return { why: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
