// Feeds one target with mutated examples until it has had enough, or is found at fault.
import { Dice, mutated } from './mutation.ts'
import { isRefusal, type Target } from './targets.ts'

/** An input that costs more than so much is a finding, ms: a pause of the collector or of the machine costs less. */
const SLOW_MS = 1000
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
  /** The one that took longest, ms. */
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
  const begun = performance.now()
  told.inputs++
  try {
    const feeding = feed(input)
    if (feeding !== undefined) await feeding
    told.taken++
  } catch (error) {
    if (!isRefusal(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const took = performance.now() - begun
  told.slowestMs = Math.max(told.slowestMs, took)
  return took > SLOW_MS ? `took ${took.toFixed(0)} ms` : undefined
}
