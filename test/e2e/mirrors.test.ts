// One file at two mirrors: who downloads it from one gets pieces from those who have it from the other.
import { copyFile, utimes } from 'node:fs/promises'
import { expect } from 'chai'
import { hasNginx, type Lab, LISTEN } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024
const LENGTH = 12 * MiB

describe('two mirrors of one file', () => {
  let lab: Lab

  before(function () {
    // its origin is a real nginx, which CI installs; without one the lab says so
    if (!hasNginx()) this.skip()
  })
  labForEach(l => {
    lab = l
  })

  it('are one crowd for a seed of both, and each is read once', async () => {
    const sha256 = await lab.file('image.bin', LENGTH)
    const origin = await lab.nginx()
    await copyFile(lab.path('www', 'image.bin'), lab.path('www', 'latest.bin'))
    // another ETag
    await utimes(lab.path('www', 'latest.bin'), 1e9, 1e9)
    const seed = await lab.seed('seed', ['--upload-limit', '2M'])
    const get = (name: string, i: number, more: string[] = []) =>
      lab.df([
        'get',
        `${origin.url}/${name}`,
        '-o',
        `out-${i}`,
        '--seed',
        seed.address,
        '--no-origin',
        ...LISTEN,
        '--json',
        ...more,
      ])
    const holders = Array.from({ length: 3 }, (_, i) => get('image.bin', i, ['--linger', '5m']))
    for (const holder of holders) await holder.line('done')
    // its own read is over, so that the download begins with the whole manifest
    const preheated = await lab.df(['preheat', `${origin.url}/latest.bin`, '--seed', seed.address]).ended
    expect(preheated.code, preheated.stderr).to.equal(0)
    const { code, lines, stderr } = await get('latest.bin', 9).ended
    expect(code, stderr).to.equal(0)
    const done = lines.at(-1) as unknown as { fromPeers: number; fromSeeds: number }
    expect(done).to.include({ type: 'done', sha256, fromOrigin: 0, trust: 'seed' })
    expect(await lab.read('out-9')).to.equal(sha256)
    console.log(`      peers of the other URL gave ${((100 * done.fromPeers) / LENGTH).toFixed(0)} %`)
    expect(done.fromPeers).to.be.greaterThan(LENGTH / 3)
    expect(await origin.bytes()).to.be.at.most(2.02 * LENGTH)
    for (const { child } of holders) child.kill('SIGTERM')
  })
})
