// A daemon that downloads a thousand files: what it holds open is bounded, and what it closed is served all the same.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { openDaemon } from '../../src/client/index.ts'
import { makeTask } from '../../src/core/task.ts'
import { MAX_IDLE } from '../../src/node/tasks/idle-contents.ts'
import { receipt } from './expectations.ts'
import { hasNginx, type Lab, LISTEN } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const HOME = 'host'
const COUNT = 1000
/** Three files of each content; sockets, libraries and the like. */
const MAX_HANDLES = 3 * MAX_IDLE + 150
const MiB = 1024 * 1024

describe('a thousand downloads through one daemon', () => {
  let lab: Lab
  before(function () {
    if (!hasNginx() || process.platform !== 'linux') this.skip()
  })
  labForEach(opened => {
    lab = opened
  })

  const handles = async (pid: number) => (await readdir(`/proc/${pid}/fd`)).length

  async function resident(pid: number): Promise<number> {
    const [, kib] = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kib) * 1024
  }

  it('leave a bounded number of handles and flat memory; what was closed is found by task and by digest', async function () {
    this.timeout(300_000)
    await lab.file('0.bin', 16 * 1024)
    const digest = await lab.file('first.bin', 3 * 16 * 1024)
    const bytes = await readFile(lab.path('www', '0.bin'))
    for (let i = 1; i < COUNT; i++) await writeFile(lab.path('www', `${i}.bin`), Buffer.concat([bytes, Buffer.from(`${i}`)]))
    const origin = await lab.nginx()
    const daemon = lab.df(['daemon', 'start', '--json', ...LISTEN], HOME)
    const { addresses } = (await daemon.line('ready')) as { addresses: string[] }
    // somebody to keep records of what is announced
    const other = lab.df(['daemon', 'start', '--json', ...LISTEN, '--bootstrap', addresses[0] as string], 'other')
    await other.line('ready')
    const client = await openDaemon(lab.path(HOME, 'control.sock'))
    const get = async (name: string) => await client.download(`${origin.url}/${name}`, lab.path('out'), {})
    await get('first.bin')
    const figures: { downloads: number; handles: number; rss: number }[] = []
    for (let i = 0; i < COUNT; i++) {
      await get(`${i}.bin`)
      if (i % 250 === 249) {
        figures.push({ downloads: i + 1, handles: await handles(daemon.pid), rss: await resident(daemon.pid) })
      }
    }
    for (const { downloads, handles, rss } of figures) {
      console.log(`      ${downloads} downloads: ${handles} handles, ${(rss / MiB).toFixed(0)} MiB`)
    }
    expect(Math.max(...figures.map(({ handles }) => handles))).to.be.at.most(MAX_HANDLES)
    expect(figures[3]?.handles).to.be.at.most((figures[0]?.handles ?? 0) + 30)
    // what V8 has not collected yet comes and goes; what is held is counted
    expect((figures[3]?.rss ?? 0) - (figures[1]?.rss ?? 0)).to.be.below(128 * MiB)
    const active = (await client.metrics()).find(({ name }) => name === 'dragonfly_contents_active')
    expect(active?.samples[0]?.value).to.equal(MAX_IDLE)

    const { id } = makeTask({ url: `${origin.url}/first.bin` })
    const status = await client.status(2 * COUNT)
    expect(status.contents.find(content => content.id === id)).to.include({ isBusy: false })
    const before = (await origin.requests()).length
    for (const [home, url] of [
      ['second', `${origin.url}/first.bin`],
      ['third', `${origin.url}/absent`],
    ] as const) {
      const flags = ['--no-daemon', '--bootstrap', addresses[0] as string, '--digest', `sha256:${digest}`, ...LISTEN]
      const ended = await lab.df(['get', '--json', ...flags, '-o', lab.path(home, 'file'), url], home).ended
      expect(receipt(ended)).to.include({ trust: 'digest', fromOrigin: 0, fromPeers: 3 * 16 * 1024 })
    }
    expect((await origin.requests()).length).to.equal(before)
    await client.stop()
  })
})
