// Bounds the garbage of a process that lives long and holds much.
//
// The launcher lets the heap grow to three times what lives in it, so that a transfer, which makes little but garbage, is not interrupted
// all the time. Of a seed that holds thousands of contents that would be hundreds of MiB.
import { getHeapStatistics, setFlagsFromString } from 'node:v8'

const MiB = 1024 * 1024
/** What the launcher says (bin/df), percent. */
const USUAL_GROWTH = 200
/** A heap with less alive grows as usual, bytes. */
const SMALL_HEAP = 48 * MiB
/** About so much garbage gathers in a larger one, bytes. */
const GARBAGE = 48 * MiB
const LEAST_GROWTH = 30

/** By how many percent a heap in which so many bytes live grows before garbage is collected. */
export function growthFor(liveBytes: number): number {
  if (liveBytes < SMALL_HEAP) return USUAL_GROWTH
  return Math.max(LEAST_GROWTH, Math.round((100 * GARBAGE) / liveBytes))
}

/**
 * Bounds the garbage of this process until it is disposed. Works only where the growth was said at the start of the process, as the launcher
 * does. `set`: takes the growth, percent.
 */
export function boundGarbage(set = setGrowth): Disposable {
  let growth = USUAL_GROWTH
  let isOver = false
  const change = (next: number) => {
    if (next !== growth) set(next)
    growth = next
  }
  // what nobody holds goes with the next collection of the whole heap, and then all that is used lives
  const collected = new FinalizationRegistry(() => {
    if (isOver) return
    change(growthFor(getHeapStatistics().used_heap_size))
    collected.register({}, undefined)
  })
  collected.register({}, undefined)
  return {
    [Symbol.dispose]: () => {
      isOver = true
      // compiled code is kept for the next start, which has the flag as it was
      change(USUAL_GROWTH)
    },
  }
}

function setGrowth(percent: number): void {
  if (process.execArgv.some(arg => arg.startsWith('--heap-growing-percent='))) {
    setFlagsFromString(`--heap-growing-percent=${percent}`)
  }
}
