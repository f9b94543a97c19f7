// What a store entry remembers of a manifest, when the manifest grows while it is being written.
import { expect } from 'chai'
import type { VersionInfo } from '../../src/core/manifest.ts'
import { sha256 } from '../../src/core/piece.ts'
import { makeTask } from '../../src/core/task.ts'
import { entryKey, isPrivateEntry, loadManifest, openEntry, removeOthers } from '../../src/node/content/manifest-records.ts'
import { StoredVersion } from '../../src/node/content/stored-version.ts'
import { openMemoryStore } from '../../src/store/memory.ts'

const TASK = makeTask({ url: 'http://origin.test/file' })
const KEY = entryKey(TASK.id, 'etag "1"')
const INFO: VersionInfo = { task: TASK.id, version: 'etag "1"', length: undefined, fileName: '', pieceLength: 262144 }
const digest = (i: number): Uint8Array => sha256(Uint8Array.of(i))

describe('a kept manifest', () => {
  it('has no gap where it grew while it was being written', async () => {
    const store = openMemoryStore()
    const content = await StoredVersion.open(store, TASK, INFO, { trust: 'origin', signer: undefined, isReserved: true })
    const { manifest } = content
    for (let i = 0; i < 30; i += 3) {
      manifest.append(digest(i))
      const writing = content.keep(manifest.head(), undefined)
      manifest.append(digest(i + 1))
      manifest.append(digest(i + 2))
      await writing
    }
    await content.keep(manifest.head(), undefined)
    await content.close(false)
    const entry = await store.open(KEY)
    const cached = await loadManifest(entry)
    expect(cached?.manifest.count).to.equal(30)
    expect(cached?.manifest.chain).to.deep.equal(manifest.chain)
    await store.stop()
  })

  it('goes with its entry when a living process has not made it for itself', async () => {
    const store = openMemoryStore()
    const mine = await openEntry(store, KEY)
    const beside = await openEntry(store, KEY)
    expect([mine.isShared, beside.isShared, isPrivateEntry(beside.entry.key)]).to.deep.equal([true, false, true])
    const names = [`${KEY}.999999999-dead`, entryKey(TASK.id, 'etag "0"'), 'another.0123456789abcdef']
    for (const name of names) await (await store.open(name)).close()
    await beside.entry.close()
    await removeOthers(store, TASK.id, KEY)
    expect(await store.keys()).to.have.members([KEY, beside.entry.key, 'another.0123456789abcdef'])
    await store.stop()
  })
})
