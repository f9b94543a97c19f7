// Passive CDN: what a seed keeps is given out without the origin while it is fresh, and asked about once when it is not.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { contentId, makeTask } from '../../src/core/task.ts'
import type { GetOptions } from '../../src/node/api/get-options.ts'
import type { NodeOptions } from '../../src/node/api/node-options.ts'
import { keepFreshness, loadManifest } from '../../src/node/content/manifest-records.ts'
import { openDiskStore } from '../../src/store/disk.ts'
import { passTime } from '../clock.ts'
import { until } from '../waiting.ts'
import { Asker } from '../world/asker.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const BODY = content('cdn', 4 * PIECE - 1)
const CHANGED = content('cdn, changed', 3 * PIECE + 9)
const BOTH = [hex(BODY), hex(CHANGED)]

describe('a seed as a passive CDN', () => {
  let world: World
  let origin: TestOrigin
  let seed: Observed

  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
  })

  const url = () => `${origin.url}/file.bin`
  const control = (value: string) => {
    origin.headers = { ...origin.headers, 'cache-control': value }
  }
  const folder = () => join(world.dir, 'store')
  const start = async (options: NodeOptions = {}) => {
    seed = await world.seed({ store: folder(), home: join(world.dir, 'seed'), persistentIdentity: true, ...options })
  }
  const restart = async (options: NodeOptions = {}) => {
    await seed.node.stop()
    await start(options)
    origin.gets.length = 0
  }
  /** What a new host gets from the seed alone. */
  async function download(options: GetOptions = {}): Promise<string> {
    const peer = await world.node({ seeds: [seed.address] })
    const path = world.path()
    try {
      await peer.node.download(url(), path, { origin: false, ...options })
      return await fileHash(path)
    } finally {
      await peer.node.stop()
    }
  }
  const failure = async (options: GetOptions = {}) => await download(options).catch(error => error)
  /** What the origin was asked since the last time. */
  const asked = () => origin.gets.splice(0).map(got => got.status)
  /** A content is not asked about again for a second, fresh or not. */
  const pastGrace = () => passTime(1001)
  const asker = () => Asker.start(world, seed)

  describe('that read it', () => {
    const readWith = async (cacheControl: string, options: NodeOptions = {}) => {
      control(cacheControl)
      await start(options)
      expect(await download()).to.equal(hex(BODY))
      expect(asked()).to.deep.equal([200])
      pastGrace()
    }

    it('gives it out without the origin while it is fresh', async () => {
      await readWith('max-age=60')
      expect(await download()).to.equal(hex(BODY))
      expect(asked()).to.deep.equal([])
    })

    it('asks once when it is stale, and a 304 makes it fresh', async () => {
      origin.headers = { age: '100' }
      await readWith('max-age=60')
      origin.headers = { age: '0', 'cache-control': 'max-age=60' }
      expect(await download()).to.equal(hex(BODY))
      expect(asked()).to.deep.equal([304])
      pastGrace()
      expect(await download()).to.equal(hex(BODY))
      expect(asked()).to.deep.equal([])
    })

    it('gives it out without the origin after a restart, and the origin may be gone', async () => {
      await readWith('max-age=60')
      await restart()
      await origin.stop()
      expect(await download()).to.equal(hex(BODY))
      expect(await download()).to.equal(hex(BODY))
      expect(asked()).to.deep.equal([])
      expect(seed.said(/./)).to.deep.equal([])
    })

    it('asks once after a restart when it is stale, and a 304 keeps the pieces', async () => {
      await readWith('no-cache')
      await restart()
      expect(await Promise.all([download(), download(), download()])).to.deep.equal(Array(3).fill(hex(BODY)))
      expect(asked()).to.deep.equal([304])
    })

    it('knows after a restart what a 304 said', async () => {
      await readWith('no-cache')
      control('max-age=60')
      await download()
      await restart()
      expect(await download()).to.equal(hex(BODY))
      expect(asked()).to.deep.equal([])
    })

    it('reads the new version after a restart when it is stale', async () => {
      await readWith('no-cache')
      await restart()
      Object.assign(origin, { body: CHANGED, etag: '"two"' })
      expect(await download()).to.equal(hex(CHANGED))
      expect(asked()).to.deep.equal([200])
      const store = await readdir(join(folder(), 'entries'))
      expect(store).to.have.length(1)
    })

    it('asks when the clock has gone back behind the time of what it knows', async () => {
      await readWith('max-age=60')
      await seed.node.stop()
      const store = await openDiskStore(folder())
      const entry = await store.open((await store.keys())[0] as string)
      const cached = await loadManifest(entry)
      if (cached?.freshness === undefined) throw new Error('nothing was kept')
      expect(cached.freshness.answers[0]?.fields['cache-control']).to.equal('max-age=60')
      await keepFreshness(entry, { ...cached.freshness, at: Date.now() + 3_600_000 })
      await store.stop()
      await restart()
      expect(await download()).to.equal(hex(BODY))
      expect(asked()).to.deep.equal([304])
    })

    it('gets what was damaged on disk from the origin, fresh or not', async () => {
      await readWith('max-age=60')
      await seed.node.stop()
      const data = join(folder(), 'entries', (await readdir(join(folder(), 'entries')))[0] as string, 'data')
      const bytes = await readFile(data)
      bytes[2 * PIECE] = (bytes[2 * PIECE] as number) ^ 1
      await writeFile(data, bytes)
      await restart()
      expect(await download()).to.equal(hex(BODY))
      expect(asked()).to.deep.equal([206])
    })

    it('gives it out while it asks, where the origin allows that', async () => {
      origin.headers = { age: '100' }
      await readWith('max-age=60, stale-while-revalidate=1000')
      Object.assign(origin, { body: CHANGED, etag: '"two"' })
      expect(await download()).to.equal(hex(BODY))
      await until(() => origin.gets.length === 1, 'the origin is asked')
      // the answer has come when nobody gets the old version any more
      let got = hex(BODY)
      while (got === hex(BODY)) got = await download()
      expect(got).to.equal(hex(CHANGED))
    })

    it('asks the origin for who wants that, once for 200 at the same time', async () => {
      await readWith('max-age=60')
      origin.mute()
      const askers = await Promise.all(Array.from({ length: 4 }, () => asker()))
      const answers = Promise.all(askers.flatMap(a => Array.from({ length: 50 }, () => a.ask(seed, url(), { revalidate: true }))))
      await until(() => origin.asked === 2, 'the origin is asked')
      expect(await (await asker()).ask(seed, url())).to.include({ type: 'resolved' })
      expect(asked(), 'others need not wait').to.deep.equal([])
      origin.release()
      expect(new Set((await answers).map(reply => reply.type))).to.deep.equal(new Set(['resolved']))
      expect(asked()).to.deep.equal([304])
    })

    it('finds the new version for who has the origin asked, and for everybody after him', async () => {
      await readWith('max-age=60')
      Object.assign(origin, { body: CHANGED, etag: '"two"' })
      expect(await download()).to.equal(hex(BODY))
      expect(await download({ revalidate: true })).to.equal(hex(CHANGED))
      origin.gets.length = 0
      expect(await download()).to.equal(hex(CHANGED))
      await restart()
      expect(await download()).to.equal(hex(CHANGED))
      expect(asked()).to.deep.equal([])
    })

    it('asks after a restart for who wants that, also when somebody else came first', async () => {
      await readWith('max-age=60')
      await restart()
      expect(await Promise.all([download(), download({ revalidate: true })])).to.deep.equal([hex(BODY), hex(BODY)])
      expect(asked()).to.deep.equal([304])
    })

    it('asks for a request that says no-cache itself', async () => {
      await readWith('max-age=60')
      expect(await download({ headers: [['cache-control', 'no-cache']] })).to.equal(hex(BODY))
      expect(asked()).to.deep.equal([304])
    })

    it('sends no header to the origin that is no part of the task, whatever the origin makes of it', async () => {
      origin.headers = { vary: 'Referer' }
      await readWith('max-age=60')
      expect(await download({ headers: [['referer', 'http://a/']] })).to.equal(hex(BODY))
      expect(asked()).to.deep.equal([])
      expect(await download({ headers: [['referer', 'http://a/']], revalidate: true })).to.equal(hex(BODY))
      expect(asked()).to.deep.equal([304])
      expect(origin.gets.at(-1)?.headers.referer).to.equal(undefined)
    })

    it('goes on while the origin is gone, after a restart too', async () => {
      await readWith('max-age=0')
      await restart()
      await origin.stop()
      expect(await download()).to.equal(hex(BODY))
      pastGrace()
      expect(await download()).to.equal(hex(BODY))
      expect(seed.said(/in trouble/)).to.have.length(2)
    })

    it('does not go on while the origin is gone for who wants it asked', async () => {
      await readWith('max-age=60')
      await origin.stop()
      expect(await failure({ revalidate: true })).to.have.property('code', 'origin-unreachable')
      expect(await download()).to.equal(hex(BODY))
    })

    it('does not go on while the origin is gone when that is forbidden, neither at once nor after a restart', async () => {
      await readWith('max-age=0, must-revalidate')
      await origin.stop()
      expect(await failure()).to.include({ code: 'origin-error', status: 504 })
      expect(await failure(), 'a second time').to.include({ code: 'origin-error', status: 504 })
      await restart()
      expect(await failure()).to.include({ code: 'origin-error', status: 504 })
      expect(seed.said(/serving/)).to.deep.equal([])
    })

    it('follows --expire, whatever the origin says', async () => {
      await readWith('no-store', { expire: 3_600_000 })
      expect(await download()).to.equal(hex(BODY))
      await restart({ expire: 3_600_000 })
      expect(await download()).to.equal(hex(BODY))
      expect(asked()).to.deep.equal([])
    })

    it('always asks with --expire 0', async () => {
      await readWith('max-age=60', { expire: 0 })
      expect([await download(), await download()]).to.deep.equal([hex(BODY), hex(BODY)])
      expect(asked()).to.deep.equal([304, 304])
    })
  })

  it('keeps what may not be stored for the askers of the moment, and not longer', async () => {
    control('no-store')
    await start()
    origin.hold(PIECE)
    const one = await asker()
    expect(await one.ask(seed, url())).to.include({ type: 'resolved' })
    const peer = download()
    origin.release()
    expect(await peer).to.equal(hex(BODY))
    pastGrace()
    expect(await download(), 'while the first is still there').to.equal(hex(BODY))
    expect(asked()).to.deep.equal([200, 304])
    await one.leave()
    const entries = join(folder(), 'entries')
    let left = -1
    void (async () => {
      for (; left !== 0; await new Promise(setImmediate)) left = (await readdir(entries)).length
    })()
    await until(() => left === 0, 'nothing is kept')
    expect(await download()).to.equal(hex(BODY))
    expect(asked()).to.deep.equal([200])
  })

  it('leaves nothing behind of what may not be stored when it is stopped', async () => {
    control('no-store')
    await start()
    await (await asker()).ask(seed, url())
    await seed.node.stop()
    expect(await readdir(join(folder(), 'entries'))).to.deep.equal([])
  })

  it('lets who is at an older version finish it while the new one is given to others', async () => {
    await start()
    origin.hold(PIECE)
    const older = download()
    await until(() => origin.gets.length === 1, 'the origin is read')
    const first = await asker()
    expect(await first.ask(seed, url())).to.include({ version: 'etag "one"' })
    const release = origin.letPass()
    Object.assign(origin, { body: CHANGED, etag: '"two"' })
    expect(await download({ revalidate: true })).to.equal(hex(CHANGED))
    expect(await (await asker()).ask(seed, url())).to.include({ version: 'etag "two"' })
    release()
    expect([await older, await download()]).to.deep.equal(BOTH)
  })

  it('keeps the same bytes under another URL once, and each of them when the other is removed', async () => {
    control('max-age=60')
    await start()
    const other = `${origin.url}/mirror.bin`
    const getFrom = async (from: string) => {
      const peer = await world.node({ seeds: [seed.address] })
      const path = world.path()
      await peer.node.download(from, path, { origin: false })
      expect(await fileHash(path)).to.equal(hex(BODY))
      await peer.node.stop()
    }
    const files = async () => {
      const keys = await readdir(join(folder(), 'entries'))
      return await Promise.all(keys.map(async key => ({ key, ...(await stat(join(folder(), 'entries', key, 'data'))) })))
    }
    await getFrom(url())
    await restart() // not in memory any more: found by what lies on disk
    await getFrom(other)
    await seed.node.stop()
    const [one, two] = await files()
    expect([one?.ino, one?.nlink, two?.nlink]).to.deep.equal([two?.ino, 2, 2])
    const store = await openDiskStore(folder())
    await store.remove((await store.keys()).find(key => key.startsWith(makeTask({ url: url() }).id)) as string)
    await store.stop()
    await restart()
    await getFrom(other)
    expect(asked()).to.deep.equal([])
    await getFrom(url())
    expect(asked()).to.deep.equal([200])
  })

  it('writes no header of a request into the store', async () => {
    const secrets = ['hunter2-token', 'hunter2-referer', 'hunter2-cookie']
    origin.headers = { vary: 'Referer, Authorization, Cookie', 'set-cookie': 'sid=hunter2-cookie' }
    control('public, max-age=60')
    await start()
    const headers = [
      ['authorization', 'Bearer hunter2-token'],
      ['referer', 'http://hunter2-referer/'],
    ] as const
    expect(await download({ headers })).to.equal(hex(BODY))
    await seed.node.stop()
    const key = (await readdir(join(folder(), 'entries')))[0] as string
    expect(key).to.include(contentId(makeTask({ url: url(), headers }), `etag ${origin.etag}`))
    const records = await readFile(join(folder(), 'entries', key, 'records'))
    expect(records.includes('max-age=60')).to.equal(true)
    for (const secret of secrets) expect(records.includes(secret), secret).to.equal(false)
  })
})
