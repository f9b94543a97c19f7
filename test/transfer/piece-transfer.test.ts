// The payload's own room: what comes is verified, stored, hashed and served; what leaves it are facts.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { Manifest } from '../../src/core/manifest.ts'
import { sha256 } from '../../src/core/piece.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import type { StoreEntry } from '../../src/store/store.ts'
import { type PieceFact, PieceTransfer } from '../../src/transfer/piece-transfer.ts'
import { instead } from './instead.ts'

const PIECE = 256 * 1024

/** A content of so many bytes, its manifest, and an empty entry to move it into. */
async function material(length: number) {
  const body = new Uint8Array(randomBytes(length))
  const info = { task: 'task', version: '"v1"', length, fileName: '', pieceLength: PIECE }
  const parts = Array.from({ length: Math.ceil(length / PIECE) }, (_, i) => body.slice(i * PIECE, (i + 1) * PIECE))
  const manifest = new Manifest(info)
  for (const part of parts) manifest.append(sha256(part))
  const entry = await openMemoryStore().open('entry')
  return { body, info, parts, manifest, entry, transfer: new PieceTransfer(entry, manifest) }
}

/** Chunks that fit no piece. */
async function* chunks(body: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.byteLength; at += 100_000) yield body.subarray(at, at + 100_000)
}

const SILENT = { onChunk: () => {}, onHashed: () => {}, onStored: () => {} }

/** The same entry, which takes its time for the first piece. */
function lateAtFirst(entry: StoreEntry): StoreEntry {
  return instead(entry, {
    put: async (piece, pieceLength) => {
      if (piece.index === 0) await sleep(50)
      await entry.put(piece, pieceLength)
    },
  })
}

describe('the transfer of pieces', () => {
  for (const length of [1, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE + 17]) {
    it(`receives ${length} bytes piece by piece, last first, and knows the digest of the whole`, async () => {
      const { body, parts, transfer } = await material(length)
      for (const [index, part] of [...parts.entries()].toReversed()) {
        const buffer = transfer.buffer(part.byteLength)
        buffer.set(part)
        expect(await transfer.receive(index, buffer)).to.deep.equal({ state: 'stored', bytes: part.byteLength, isNew: true })
      }
      expect(await transfer.wholeDigest()).to.deep.equal(sha256(body))
      for (const [index, part] of parts.entries()) expect(await transfer.read(index)).to.deep.equal(part)
    })

    it(`reads ${length} bytes from an origin into the same pieces`, async () => {
      const { body, parts, info, entry } = await material(length)
      const transfer = new PieceTransfer(entry, new Manifest(info))
      const facts: PieceFact[] = []
      const read = await transfer.ingest(chunks(body), 0, { ...SILENT, onStored: fact => facts.push(fact) })
      expect(read).to.equal(length)
      expect(facts).to.deep.equal(
        parts.map((part, index) => ({ index, digest: sha256(part), size: part.byteLength })),
        'facts, in order, without bytes',
      )
    })
  }

  it('reads nothing back for the digest of the whole when a later piece is written before an earlier one', async () => {
    const { body, info, entry } = await material(5 * PIECE + 17)
    const readBack: number[] = []
    const read: StoreEntry['read'] = async (offset, ...rest) => {
      readBack.push(offset)
      return await entry.read(offset, ...rest)
    }
    const transfer = new PieceTransfer(instead(lateAtFirst(entry), { read }), new Manifest(info))
    await transfer.ingest(chunks(body), 0, SILENT)
    expect(await transfer.wholeDigest()).to.deep.equal(sha256(body))
    expect(readBack).to.deep.equal([])
  })

  it('knows the digest of the whole when a piece of its own read was not written and came from a peer afterwards', async () => {
    const { body, parts, manifest, entry } = await material(3 * PIECE + 17)
    let isFull = true
    const put: StoreEntry['put'] = async (piece, pieceLength) => {
      if (piece.index === 1 && isFull) throw new Error('no space')
      await entry.put(piece, pieceLength)
    }
    const transfer = new PieceTransfer(instead(entry, { put }), manifest)
    const failure = await transfer.ingest(chunks(body), 0, SILENT).catch((error: unknown) => error)
    expect(failure).to.be.an('error').with.property('message', 'no space')
    isFull = false
    for (const [index, part] of parts.entries()) {
      if (!transfer.has(index)) await transfer.receive(index, new Uint8Array(part))
    }
    expect(await transfer.wholeDigest()).to.deep.equal(sha256(body))
  })

  it('keeps nothing of wrong bytes', async () => {
    const { transfer } = await material(3 * PIECE)
    expect(await transfer.receive(1, new Uint8Array(PIECE))).to.deep.equal({ state: 'corrupt' })
    expect(transfer.has(1)).to.equal(false)
  })

  it('keeps nothing of a piece that the manifest does not name', async () => {
    const { parts, info, entry } = await material(2 * PIECE)
    const transfer = new PieceTransfer(entry, new Manifest(info))
    const error = await transfer.receive(0, parts[0] as Uint8Array<ArrayBuffer>).catch((e: unknown) => e)
    expect(error).to.include({ code: 'internal' })
    expect(transfer.has(0)).to.equal(false)
  })

  it('counts the first of two copies that come at the same time', async () => {
    const { parts, transfer } = await material(2 * PIECE)
    const copy = () => transfer.receive(0, new Uint8Array(parts[0] as Uint8Array))
    const both = await Promise.all([copy(), copy()])
    expect(both.map(received => 'isNew' in received && received.isNew).toSorted()).to.deep.equal([false, true])
  })

  it('keeps nothing once it is stopped', async () => {
    const { parts, transfer } = await material(PIECE)
    transfer.stop()
    expect(await transfer.receive(0, new Uint8Array(parts[0] as Uint8Array))).to.deep.equal({ state: 'stopped' })
    expect(transfer.has(0)).to.equal(false)
  })

  it('fetches a piece from where it lies in the origin', async () => {
    const { body, transfer } = await material(2 * PIECE + 5)
    const asked: [number, number][] = []
    const read = async (start: number, end: number) => {
      asked.push([start, end])
      return body.slice(start, end)
    }
    expect(await transfer.fetch(2, read)).to.deep.equal({ state: 'stored', bytes: 5, isNew: true })
    expect(asked).to.deep.equal([[2 * PIECE, 2 * PIECE + 5]])
  })

  it('serves what is stored, and says so when it is not', async () => {
    const { parts, transfer } = await material(2 * PIECE)
    await transfer.receive(1, new Uint8Array(parts[1] as Uint8Array))
    const sent: Uint8Array[] = []
    await transfer.serve(1, async bytes => sent.push(bytes) === 0)
    expect(sent).to.deep.equal([parts[1]])
    const error = await transfer.serve(0, async () => true).catch((e: unknown) => e)
    expect(error).to.include({ code: 'store-error' })
  })

  it('sends from the same memory once the receiver has confirmed, and only then, and of the same content only', async () => {
    const one = await material(2 * PIECE)
    const other = await material(2 * PIECE + 1)
    for (const { parts, transfer } of [one, other]) {
      for (const index of [0, 1]) await transfer.receive(index, new Uint8Array(parts[index] as Uint8Array))
    }
    const memory = async ({ transfer }: typeof one, piece: number, isConfirmed: boolean) => {
      let used: ArrayBufferLike | undefined
      await transfer.serve(piece, async bytes => {
        used = bytes.buffer
        return isConfirmed
      })
      return used
    }
    const confirmed = await memory(one, 0, true)
    expect(await memory(other, 0, false)).to.not.equal(confirmed)
    expect(await memory(one, 1, false)).to.equal(confirmed)
    expect(await memory(one, 1, true)).to.not.equal(confirmed)
    one.transfer.stop()
    expect(await one.transfer.read(0)).to.deep.equal(one.parts[0])
  })

  it('says what a believed seal says, and computes the digest of the whole where it is to', async () => {
    const { body, parts, info, entry } = await material(3 * PIECE)
    const lie = sha256(Buffer.from('lie'))
    const sealed = new Manifest(info)
    for (const part of parts) sealed.append(sha256(part))
    sealed.sealWith({ length: body.length, sha256: lie, root: '' })
    const transfer = new PieceTransfer(entry, sealed, { believesSeal: true })
    for (const [index, part] of parts.entries()) await transfer.receive(index, new Uint8Array(part))
    expect(await transfer.wholeDigest()).to.deep.equal(lie)
    expect(await transfer.wholeDigest(true)).to.deep.equal(sha256(body))
  })

  it('ends a read of the origin when the listener objects, with that piece not stored', async () => {
    const { body, transfer } = await material(4 * PIECE)
    const onHashed = ({ index }: PieceFact) => {
      if (index === 2) throw new Error('another version')
    }
    const error = await transfer.ingest(chunks(body), 0, { ...SILENT, onHashed }).catch((e: unknown) => e)
    expect(error).to.be.an('error').with.property('message', 'another version')
    expect([0, 1, 2, 3].map(i => transfer.has(i))).to.deep.equal([true, true, false, false])
  })

  it('finds again what an earlier process stored', async () => {
    const { parts, manifest, transfer, entry } = await material(3 * PIECE)
    await transfer.receive(2, new Uint8Array(parts[2] as Uint8Array))
    await transfer.receive(0, new Uint8Array(parts[0] as Uint8Array))
    const again = new PieceTransfer(entry satisfies StoreEntry, manifest)
    expect([...(await again.recover())]).to.deep.equal([0, 2])
    const late = await again.receive(0, new Uint8Array(parts[0] as Uint8Array))
    expect(late).to.deep.equal({ state: 'stored', bytes: PIECE, isNew: false })
  })

  it('knows the digest of a content without a length whose pieces are written in another order', async () => {
    const { body, info, entry } = await material(PIECE + 17)
    const transfer = new PieceTransfer(lateAtFirst(entry), new Manifest({ ...info, length: undefined }))
    await transfer.ingest(chunks(body), 0, SILENT)
    expect(await transfer.wholeDigest()).to.deep.equal(sha256(body))
  })

  it('reads the short last piece of a content whose length nobody knows yet, and says that it cannot be asked for', async () => {
    const { body, parts, info, entry } = await material(2 * PIECE + 5)
    const manifest = new Manifest({ ...info, length: undefined })
    const transfer = new PieceTransfer(entry, manifest)
    await transfer.ingest(chunks(body), 0, { ...SILENT, onStored: ({ digest }) => manifest.append(digest) })
    expect(await transfer.read(2)).to.deep.equal(parts[2])
    expect([0, 1, 2].map(piece => transfer.isUnsettled(piece))).to.deep.equal([false, false, true])
    manifest.sealWith({ length: body.byteLength, sha256: sha256(body), root: 'root' })
    expect(transfer.isUnsettled(2)).to.equal(false)
    expect(await transfer.wholeDigest()).to.deep.equal(sha256(body))
  })
})
