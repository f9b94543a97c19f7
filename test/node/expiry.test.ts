// What nobody goes on with leaves the store of every node that runs for long, not only of seeds.
import { readdirSync } from 'node:fs'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { mock } from 'node:test'
import { expect } from 'chai'
import { until } from '../waiting.ts'
import { content, PIECE } from '../world/content.ts'
import { World } from '../world/world.ts'

const HOUR = 60 * 60_000
const DAY = 24 * HOUR

describe('unfinished downloads', () => {
  let world: World
  beforeEach(async () => {
    world = await World.open()
  })
  afterEach(async () => {
    mock.timers.reset()
    await world.close()
  })

  it('of a daemon end when nobody went on with them for seven days', async () => {
    const origin = await world.origin(content('expiry', 4 * PIECE))
    const store = join(world.dir, 'store')
    mock.timers.enable({ apis: ['setInterval'] })
    const { node } = await world.node({ store })
    const entries = () => readdirSync(join(store, 'entries'))
    const aged = new Set<string>()
    for (const [name, days] of [
      ['old', 8],
      ['new', 6],
    ] as const) {
      origin.hold(2 * PIECE)
      const stop = new AbortController()
      let bytes = 0
      const failed = node
        .download(`${origin.url}/${name}`, world.path(), {
          signal: stop.signal,
          onProgress: progress => {
            bytes = progress.bytes
          },
        })
        .catch(error => error)
      await until(() => {
        // progress is told from time to time
        mock.timers.tick(10)
        return bytes > 0
      }, 'a piece is here')
      stop.abort()
      expect(await failed).to.include({ code: 'aborted' })
      origin.release()
      const key = entries().find(one => !aged.has(one)) as string
      aged.add(key)
      const at = new Date(Date.now() - days * DAY)
      await utimes(join(store, 'entries', key, 'marks'), at, at)
    }
    expect(entries()).to.have.length(2)
    mock.timers.tick(HOUR)
    await until(() => entries().length === 1, 'the old one is gone')
    const [left] = await node.administration.contents()
    expect(left?.url).to.equal(`${origin.url}/new`)
  })
})
