// Our own read of the origin where another thread hashes what is written: a real store on the disk, real threads.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { Manifest } from '../../src/core/manifest.ts'
import { sha256 } from '../../src/core/piece.ts'
import { openDiskStore } from '../../src/store/disk.ts'
import type { Store, StoreEntry } from '../../src/store/store.ts'
import { type OriginListener, type PieceFact, PieceTransfer } from '../../src/transfer/piece-transfer.ts'
import { instead } from './instead.ts'

const PIECE = 256 * 1024
const COUNT = 24
const LENGTH = (COUNT - 1) * PIECE + 17
/** From this piece on another thread hashes. */
const FROM = 3

describe('an own read that another thread hashes', () => {
  let dir: string
  let store: Store
  let entry: StoreEntry
  let body: Uint8Array
  let manifest: Manifest
  let transfers: PieceTransfer[]
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-hash-behind-'))
    store = await openDiskStore(dir)
    entry = await store.open('entry')
    transfers = []
    body = new Uint8Array(randomBytes(LENGTH))
    manifest = new Manifest({ task: 'task', version: '"v1"', length: LENGTH, fileName: '', pieceLength: PIECE })
  })
  afterEach(async () => {
    for (const transfer of transfers) transfer.stop()
    await store.stop()
    await rm(dir, { recursive: true, force: true })
  })

  const worth = { isThere: (done: number) => done >= FROM * PIECE }
  const partOf = (index: number, of = body) => of.slice(index * PIECE, (index + 1) * PIECE)
  const transferTo = (to: StoreEntry) => {
    const transfer = new PieceTransfer(to, manifest, { worth })
    transfers.push(transfer)
    return transfer
  }
  async function* chunks(from = 0, of = body): AsyncGenerator<Uint8Array> {
    for (let at = from * PIECE; at < of.byteLength; at += 100_000) yield of.subarray(at, at + 100_000)
  }
  /** Extends the manifest as an active task does, and takes down what it heard. */
  function listening(more: Partial<OriginListener> = {}) {
    const hashed: number[] = []
    const stored: PieceFact[] = []
    const listener: OriginListener = {
      onChunk: () => {},
      onHashed: fact => {
        hashed.push(fact.index)
        more.onHashed?.(fact)
      },
      onStored: (fact, isNew) => {
        if (isNew) stored.push(fact)
        if (fact.index === manifest.count) manifest.append(fact.digest)
      },
    }
    return { hashed, stored, listener }
  }
  async function expectWhole(transfer: PieceTransfer): Promise<void> {
    for (let i = 0; i < COUNT; i++) expect(await transfer.read(i)).to.deep.equal(partOf(i))
    expect(await transfer.wholeDigest()).to.deep.equal(sha256(body))
  }

  it('has the same pieces, digests and whole, told in order', async () => {
    let laid = 0
    const lay: StoreEntry['lay'] = async (...piece) => {
      laid++
      await entry.lay(...piece)
    }
    const transfer = transferTo(instead(entry, { lay }))
    const { hashed, stored, listener } = listening()
    expect(await transfer.ingest(chunks(), 0, listener)).to.equal(LENGTH)
    expect(laid).to.equal(COUNT - FROM)
    expect(hashed).to.deep.equal(Array.from({ length: COUNT }, (_, i) => i))
    expect(stored).to.deep.equal(hashed.map(i => ({ index: i, digest: sha256(partOf(i)), size: partOf(i).byteLength })))
    await expectWhole(transfer)
  })

  it('is found again by the next opening', async () => {
    await transferTo(entry).ingest(chunks(), 0, listening().listener)
    await entry.close()
    entry = await store.open('entry')
    const again = transferTo(entry)
    expect([...(await again.recover())]).to.have.length(COUNT)
    await expectWhole(again)
  })

  for (const [when, parts] of [
    ['at its start', undefined],
    ['in the middle', 10],
  ] as const) {
    it(`is hashed here when the thread fails ${when}`, async () => {
      const file = join(dir, 'other')
      if (parts !== undefined) await writeFile(file, body.subarray(0, parts * PIECE + 7))
      const transfer = transferTo(instead(entry, { file }))
      const { stored, listener } = listening()
      await transfer.ingest(chunks(), 0, listener)
      expect(stored).to.deep.equal(
        Array.from({ length: COUNT }, (_, i) => ({ index: i, digest: sha256(partOf(i)), size: partOf(i).byteLength })),
      )
      await expectWhole(transfer)
    })
  }

  it('ends when the listener objects, and knows the right whole when it was read again', async () => {
    const transfer = transferTo(entry)
    const { listener } = listening({
      onHashed: ({ index }) => {
        if (index === 10) throw new Error('another version')
      },
    })
    const error = await transfer.ingest(chunks(), 0, listener).catch((e: unknown) => e)
    expect(error).to.be.an('error').with.property('message', 'another version')
    expect(manifest.count).to.equal(10)
    // not even those that were written already
    for (let i = 0; i < COUNT; i++) expect(transfer.has(i), `piece ${i}`).to.equal(i < 10)
    await transfer.ingest(chunks(manifest.count), manifest.count, listening().listener)
    await expectWhole(transfer)
  })

  it('ends when the disk takes no more', async () => {
    const lay: StoreEntry['lay'] = async (index, ...rest) => {
      if (index === 10) throw new Error('no space')
      await entry.lay(index, ...rest)
    }
    const transfer = transferTo(instead(entry, { lay }))
    const { stored, listener } = listening()
    const error = await transfer.ingest(chunks(), 0, listener).catch((e: unknown) => e)
    expect(error).to.be.an('error').with.property('message', 'no space')
    expect(stored.every(({ index }) => index < 10)).to.equal(true)
    expect(transfer.has(10)).to.equal(false)
  })

  it('never writes over what a peer gave meanwhile, and says that the origin has changed', async () => {
    // what the manifest is going to name, and what the origin gives now
    const changed = body.slice()
    changed.fill(0, 12 * PIECE, 13 * PIECE)
    let transfer: PieceTransfer | undefined
    const lay: StoreEntry['lay'] = async (index, bytes, pieceLength) => {
      if (index !== 12) return await entry.lay(index, bytes, pieceLength)
      while (manifest.count < 12) await sleep(1)
      const laying = entry.lay(index, bytes, pieceLength)
      manifest.append(sha256(partOf(12)))
      expect(await transfer?.receive(12, partOf(12))).to.include({ state: 'stored', isNew: true })
      await laying
    }
    transfer = transferTo(instead(entry, { lay }))
    const { listener } = listening({
      onHashed: ({ index, digest }) => {
        const named = manifest.digest(index)
        if (named !== undefined && Buffer.compare(named, digest) !== 0) throw new Error('changed')
      },
    })
    const error = await transfer.ingest(chunks(0, changed), 0, listener).catch((e: unknown) => e)
    // the thread has read the peer's bytes, or those of the origin
    if (error !== LENGTH) expect(error).to.be.an('error').with.property('message', 'changed')
    expect(await transfer.read(12)).to.deep.equal(partOf(12))
    if (error !== LENGTH) await transfer.ingest(chunks(manifest.count), manifest.count, listening().listener)
    await expectWhole(transfer)
  })

  it('compares what is named already before it writes', async () => {
    for (let i = 0; i < 8; i++) manifest.append(sha256(partOf(i)))
    const laid: number[] = []
    const lay: StoreEntry['lay'] = async (index, ...rest) => {
      laid.push(index)
      await entry.lay(index, ...rest)
    }
    const transfer = transferTo(instead(entry, { lay }))
    await transfer.ingest(chunks(), 0, listening().listener)
    expect(laid).to.deep.equal(Array.from({ length: COUNT - 8 }, (_, i) => 8 + i))
    await expectWhole(transfer)
  })
})
