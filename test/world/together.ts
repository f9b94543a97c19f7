// Runs tests beside one another.
import { World } from './world.ts'

/** Tests that mostly wait, run beside one another, each reported by itself. Each gets a world of its own. */
export function together(cases: readonly [name: string, run: (world: World) => Promise<void>][]): void {
  let runs: Promise<void>[] = []
  before(() => {
    runs = cases.map(async ([, run]) => {
      const world = await World.open()
      try {
        await run(world)
      } finally {
        await world.close()
      }
    })
    for (const run of runs) run.catch(() => {})
  })
  for (const [i, [name]] of cases.entries()) it(name, () => runs[i])
  after(() => Promise.allSettled(runs))
}
