// The model of a store: for any sequence of operations an entry does what a map would do.
import { expect } from 'chai'
import fc from 'fast-check'
import type { Store, StoreEntry } from '../../src/store/store.ts'
import { failure } from './expect-error.ts'
import { hex, type Material, makeMaterial } from './material.ts'

/** Declares the test; `current` gives the store under test when it runs. */
export function storeModel(current: () => Store): void {
  it('does the same as a map, whatever the order of things', async () => {
    const size = 4 * 1024 + 1
    const material = makeMaterial(size, 5, 1024)
    let run = 0
    const step = fc.oneof(
      fc.record({ do: fc.constant('put' as const), index: fc.nat(4) }),
      fc.record({ do: fc.constant('read' as const), offset: fc.nat(size), length: fc.nat(size) }),
      fc.record({ do: fc.constant('append' as const), record: fc.uint8Array({ maxLength: 20 }) }),
      fc.record({ do: fc.constant('reopen' as const) }),
      fc.record({ do: fc.constant('recover' as const), count: fc.nat(5) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
        let entry = await current().open(`run-${run++}`)
        const written = new Set<number>()
        const known = new Set<number>()
        const records: string[] = []
        for (const step of steps) {
          if (step.do === 'put') {
            await entry.put(await material.piece(step.index), 1024)
            written.add(step.index)
            known.add(step.index)
          } else if (step.do === 'append') {
            await entry.append(step.record)
            records.push(hex(step.record))
          } else if (step.do === 'reopen') {
            await entry.close()
            entry = await current().open(entry.key)
            known.clear()
          } else if (step.do === 'recover') {
            await entry.recover({ ...material.table, count: step.count })
            for (const index of written) if (index < step.count) known.add(index)
          } else {
            await checkRead(entry, material, known, step.offset, step.length)
          }
          expect([0, 1, 2, 3, 4].filter(i => entry.has(i))).to.deep.equal([...known].sort())
          expect(entry.count).to.equal(known.size)
        }
        expect((await entry.records()).map(hex)).to.deep.equal(records)
        await entry.remove()
      }),
      { numRuns: 60 },
    )
  })
}

async function checkRead(entry: StoreEntry, { bytes }: Material, known: Set<number>, offset: number, length: number) {
  const end = offset + length
  const needed = Array.from(
    { length: Math.ceil(end / 1024) - Math.floor(offset / 1024) },
    (_, i) => Math.floor(offset / 1024) + i,
  )
  const reading = entry.read(offset, length, 1024)
  if (length === 0 || (end <= bytes.byteLength && needed.every(index => known.has(index)))) {
    expect(hex(await reading)).to.equal(hex(bytes.subarray(offset, end)))
  } else {
    await failure(reading, 'store-error')
  }
}
