// Runs tests beside one another.
import { World } from './world.ts'

/** Tests that mostly wait, run beside one another, each reported by itself. Each gets a world of its own. A test that is tried again runs anew. */
export function together(cases: readonly [name: string, run: (world: World) => Promise<void>][]): void {
  const first: Promise<void>[] = []
  before(() => {
    for (const [, run] of cases) first.push(inWorld(run))
    for (const run of first) run.catch(() => {})
  })
  for (const [i, [name, run]] of cases.entries()) {
    let tried = false
    it(name, () => {
      if (tried) return inWorld(run)
      tried = true
      return first[i]
    })
  }
  after(() => Promise.allSettled(first))
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const world = await World.open()
  try {
    await run(world)
  } finally {
    await world.close()
  }
}
