// The bound of the garbage of a long-lived process.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { growthFor } from '../../src/cli/garbage.ts'

const MiB = 1024 * 1024
const MODULE = fileURLToPath(new URL('../../src/cli/garbage.ts', import.meta.url))

describe('the garbage of a process that lives long', () => {
  it('may be twice what lives in a small heap, and some 48 MiB in a large one', () => {
    expect([0, 30, 47].map(live => growthFor(live * MiB))).to.deep.equal([200, 200, 200])
    for (const live of [48, 77, 100, 150]) expect((live * growthFor(live * MiB)) / 100).to.be.within(46, 50)
    expect(growthFor(1000 * MiB)).to.equal(30)
  })

  it('is bounded once much is held, and not any more when that is over', () => {
    const script = `
      import { boundGarbage } from ${JSON.stringify(MODULE)}
      import { setTimeout as pause } from 'node:timers/promises'
      const said = []
      {
        using _bound = boundGarbage(percent => said.push(percent))
        const held = Array.from({ length: 100 }, () => new Array(128 * 1024).fill(1))
        while (said.length === 0) { gc(); await pause(1) }
        if (held.length !== 100) throw new Error()
      }
      for (let i = 0; i < 5; i++) { gc(); await pause(1) }
      console.log(JSON.stringify(said))`
    const args = ['--expose-gc', '--input-type=module', '--disable-warning=ExperimentalWarning', '-e', script]
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 })
    expect(stderr).to.equal('')
    const [bound, after] = JSON.parse(stdout) as number[]
    expect(bound).to.be.within(30, 60)
    expect(after).to.equal(200)
  })
})
