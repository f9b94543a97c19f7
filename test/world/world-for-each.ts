// The set-up of most files that start nodes.
import type { TestOrigin } from './origin.ts'
import { World } from './world.ts'

/** Gives every test of the suite a world of its own with an origin of `body`, and ends both afterwards. */
export function worldForEach(body: Buffer, use: (world: World, origin: TestOrigin) => void): void {
  let world: World
  beforeEach(async () => {
    world = await World.open()
    use(world, await world.origin(body))
  })
  afterEach(() => world.close())
}
