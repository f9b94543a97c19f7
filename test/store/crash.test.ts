import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openDiskStore } from '../../src/store/disk.ts'
import { Child } from './child.ts'
import { hex, makeMaterial, PIECE_LENGTH, putAll } from './material.ts'

const LENGTH = 64 * PIECE_LENGTH + 1000

describe('a process that is killed in the middle of its puts', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'df-crash-'))
  })

  afterEach(() => rm(folder, { recursive: true }))

  for (let round = 0; round < 6; round++) {
    // Early, late and between: printed with a failure, so that it can be tried again.
    const after = 1 + Math.floor(Math.random() * 60)

    it(`leaves every piece that it marked, and no wrong one (killed after ${after})`, async () => {
      const material = makeMaterial(LENGTH)
      const child = new Child('crasher.ts', [folder, String(LENGTH)])
      const put = new Set<number>()
      while (put.size < after) put.add(Number(await child.line()))
      child.kill()

      // At once: nobody has waited for the child's end.
      const store = await openDiskStore(folder)
      const entry = await store.open('crash')
      for (let line = await child.line(); line !== ''; line = await child.line()) put.add(Number(line))
      const records = await entry.records()
      for (const record of records)
        expect(hex(record)).to.equal(hex(new Uint8Array(record.byteLength).fill(record.byteLength - 1000)))
      expect(records.map(record => record.byteLength - 1000)).to.include.members([...put])

      const found = await entry.recover(material.table)
      expect([...found]).to.include.members([...put])
      for (const index of found) {
        const size = material.table.pieceSize(index)
        const bytes = await entry.read(index * PIECE_LENGTH, size, PIECE_LENGTH)
        expect(hex(bytes)).to.equal(hex(material.bytes.subarray(index * PIECE_LENGTH, index * PIECE_LENGTH + size)))
      }
      await putAll(entry, material)
      await entry.append(Uint8Array.of(1))
      expect(await entry.records()).to.have.length(records.length + 1)
      expect(hex(await entry.read(0, LENGTH, PIECE_LENGTH))).to.equal(hex(material.bytes))
      await store.stop()
      await child.gone()
    })
  }
})
