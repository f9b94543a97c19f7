// SPEC.md is true: its hex blocks decode and encode, its tables say what the code does.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { decodeControl } from '../../src/wire/codec-control.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import * as protocols from '../../src/wire/protocols.ts'
import { PEER_ID, SEED_ID, TASK, VECTORS } from './vectors.ts'

const SPEC = readFileSync(join(import.meta.dirname, '../../src/wire/SPEC.md'), 'utf8')

const BLOCKS = new Map(
  [...SPEC.matchAll(/^```hex (.+)\n([\s\S]*?)^```/gm)].map(([, label, text]) => [
    label,
    new Uint8Array(Buffer.from((text ?? '').replace(/\s/g, ''), 'hex')),
  ]),
)

describe('wire/SPEC.md', () => {
  it('has an example for each vector, and no other', () => {
    expect([...BLOCKS.keys()].toSorted()).to.deep.equal(VECTORS.map(v => v.label).toSorted())
  })

  for (const { label, value, encode, decode } of VECTORS) {
    it(`example: ${label}`, () => {
      const bytes = BLOCKS.get(label) as Uint8Array
      expect(decode(bytes)).to.deep.equal(value)
      expect(Buffer.from(encode()).toString('hex')).to.equal(Buffer.from(bytes).toString('hex'))
    })
  }

  it('names the ids of its examples', () => {
    for (const id of [TASK.id, PEER_ID, SEED_ID]) expect(SPEC).to.include(id)
  })

  it('has the table of limits', () => {
    const section = SPEC.slice(SPEC.indexOf('\n## Limits'), SPEC.indexOf('\n## Behaviour'))
    const rows = [...section.matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)].map(([, name, limit]) => [name, Number(limit)])
    expect(Object.fromEntries(rows)).to.deep.equal(LIMITS)
  })

  it('has the numbers of the reasons', () => {
    const section = SPEC.slice(SPEC.indexOf('| reason '), SPEC.indexOf('```hex refused'))
    const rows = [...section.matchAll(/^\| `([\w-]+)` +\| (\d) +\|/gm)]
    expect(rows).to.have.length(7)
    for (const [, name, number] of rows) {
      expect(decodeControl(Uint8Array.of(0x12, 2, 0x08, Number(number)))).to.deep.equal({
        type: 'refused',
        reason: name,
        peers: [],
      })
    }
  })

  it('names every protocol', () => {
    for (const id of Object.values(protocols)) expect(SPEC).to.include(`\`${id}\``)
  })
})
