// Hosts of one fleet, without a seed: one of them reads the origin for all.
import { join } from 'node:path'
import { expect } from 'chai'
import { newFleetSecret, writeFleetFile } from '../../src/store/fleet-file.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const BODY = content('fleet', 6 * PIECE)

describe('a fleet without a seed', () => {
  let world: World
  let origin: TestOrigin
  let file: string

  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
  })
  beforeEach(async () => {
    file = join(world.dir, 'fleet.json')
    await writeFleetFile(file, [{ secret: newFleetSecret() }])
  })

  const url = (name = 'file') => `${origin.url}/${name}`

  async function member(bootstrap: readonly string[], fleet = file): Promise<Observed> {
    return await world.node({ fleet, home: world.path(), bootstrap })
  }

  /** Members that all know the first one. */
  async function members(count: number): Promise<Observed[]> {
    const first = await member([])
    const others = await Promise.all(Array.from({ length: count - 1 }, () => member([first.address])))
    return [first, ...others]
  }

  async function download({ node }: Observed): Promise<string> {
    const path = world.path()
    await node.download(url(), path)
    return await fileHash(path)
  }

  it('reads the origin once for all of its members', async () => {
    const all = await members(5)
    expect(new Set(await Promise.all(all.map(download)))).to.deep.equal(new Set([hex(BODY)]))
    expect(origin.gets).to.have.length(1)
  })
})
