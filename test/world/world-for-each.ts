// The set-up of most files that start nodes.
import type { NodeOptions } from '../../src/node/api/node-options.ts'
import type { TestOrigin } from './origin.ts'
import { type Observed, World } from './world.ts'

/** Gives every test of the suite a world of its own with an origin of `body`, and ends both afterwards. */
export function worldForEach(body: Buffer, use: (world: World, origin: TestOrigin) => void): void {
  let world: World
  beforeEach(async () => {
    world = await World.open()
    use(world, await world.origin(body))
  })
  afterEach(() => world.close())
}

/** The same with a seed. `prepare`: what is done with the origin before the seed is there. */
export function seedForEach(
  body: Buffer,
  use: (world: World, origin: TestOrigin, seed: Observed) => void,
  { prepare, options = {} }: { prepare?: (origin: TestOrigin) => void; options?: NodeOptions } = {},
): void {
  let world: World
  let origin: TestOrigin
  worldForEach(body, (w, o) => {
    world = w
    origin = o
  })
  beforeEach(async () => {
    prepare?.(origin)
    use(world, origin, await world.seed(options))
  })
}
