// df share and df get of what it shares, as real processes: no origin anywhere.
import { createHash } from 'node:crypto'
import { lstat, mkdir, open, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { DF, type Ended, type Lab, LISTEN, type Running } from './lab.ts'
import { labForEach } from './lab-for-each.ts'
import { hasNamespaces, LocalNetwork } from './lan.ts'

const MiB = 1024 * 1024

describe('df share', () => {
  let lab: Lab
  labForEach(opened => {
    lab = opened
  })

  interface Sharing extends Running {
    url: string
    address: string
  }

  /** Shares a file or folder of the lab's www from a process of its own. */
  async function share(name: string, flags: readonly string[] = [], home = 'sharer'): Promise<Sharing> {
    const running = lab.df(['share', '--no-daemon', '--json', ...LISTEN, ...flags, lab.path('www', name)], home)
    const [shared, ready] = [await running.line('shared'), await running.line('sharing')]
    return { ...running, url: shared.url as string, address: (ready.addresses as string[])[0] as string }
  }

  const get = (url: string, flags: readonly string[], home = 'getter') =>
    lab.df(['get', '--json', '--no-daemon', ...flags, url], home)
  const receipt = ({ lines }: Ended) => lines.find(({ type }) => type === 'done')

  it('shares until Ctrl-C, with who names the host', async () => {
    const sha256 = await lab.file('a.bin', 3 * MiB)
    const sharing = await share('a.bin')
    const { code, lines } = await get(sharing.url, ['--bootstrap', sharing.address]).ended
    expect(code, JSON.stringify(lines)).to.equal(0)
    expect(lines.find(({ type }) => type === 'done')).to.include({ sha256, fromOrigin: 0, trust: 'digest' })
    expect(await lab.read('a.bin')).to.equal(sha256)
    expect(await sharing.line('sent'))
      .to.have.property('bytes')
      .above(0)
    sharing.child.kill('SIGINT')
    expect(await sharing.ended).to.include({ code: 0 })
  })

  it('is found in the DHT, by a third host that has nothing of it', async () => {
    const sha256 = await lab.file('a.bin', 2 * MiB)
    const third = await lab.seed('third')
    const sharing = await share('a.bin', ['--bootstrap', third.address])
    const cid = new URL(sharing.url).pathname
    // it takes a moment until the DHT knows
    for (let ended: Ended | undefined; ended?.code !== 0; ) {
      ended = await get(sharing.url, ['--bootstrap', third.address]).ended
      if (ended.code === 0) expect(receipt(ended)).to.include({ sha256, fromSeeds: 0, cid })
      else expect(ended.code).to.equal(7)
    }
    expect(await lab.kept('third')).to.deep.equal([])
  })

  it('goes on without who shared it, once another host has it', async () => {
    const sha256 = await lab.file('a.bin', 6 * MiB)
    const sharing = await share('a.bin')
    const second = get(sharing.url, ['--bootstrap', sharing.address, '--linger', '2m', '-o', 'second.bin', ...LISTEN], 'second')
    const { addresses } = await second.line('started')
    await second.line('done')
    const third = get(
      sharing.url,
      ['--bootstrap', (addresses as string[])[0] as string, '--bootstrap', sharing.address, '-o', 'third.bin', '--limit', '12M'],
      'third',
    )
    await third.line('progress')
    sharing.child.kill('SIGKILL')
    expect(await third.ended).to.include({ code: 0 })
    expect(await lab.read('third.bin')).to.equal(sha256)
  })

  it('leaves it to the daemon, which stops when the file changes', async () => {
    const sha256 = await lab.file('a.bin', MiB)
    const daemon = lab.df(['daemon', 'start', '--json', ...LISTEN], 'sharer')
    const { addresses } = await daemon.line('ready')
    const { code, stdout } = await lab.df(['share', lab.path('www', 'a.bin')], 'sharer').ended
    expect(code).to.equal(0)
    const url = stdout.toString().trim()
    expect(url).to.match(/^dragonfly:baf[a-z2-7]+\?name=a\.bin$/)
    const way = ['--bootstrap', (addresses as string[])[0] as string]
    expect(receipt(await get(url, way).ended)).to.include({ sha256 })
    const file = await open(lab.path('www', 'a.bin'), 'r+')
    await file.write('changed')
    await file.close()
    await daemon.said(out => out.includes('share-ended'))
    while ((await lab.kept('sharer')).length > 0) await pause(20)
  })

  it('shares a folder: small files in packs, links, empty folders and modes; what is here is not fetched again', async () => {
    const folder = lab.path('www', 'tree')
    for (let i = 0; i < 20; i++) await mkdir(`${folder}/d${i}`, { recursive: true })
    await Promise.all(Array.from({ length: 2000 }, (_, i) => writeFile(`${folder}/d${i % 20}/f${i}`, `file ${i}`)))
    await mkdir(`${folder}/empty`)
    await lab.file('tree/large.bin', MiB)
    await writeFile(`${folder}/run`, '#!/bin/sh\n', { mode: 0o755 })
    await symlink('../run', `${folder}/d0/link`)
    const sharing = await share('tree')
    expect(sharing.url).to.match(/\?name=tree&tree=1$/)
    const way = ['--bootstrap', sharing.address, '-P', lab.path('out')]
    const first = await get(sharing.url, way).ended
    expect(first.code, JSON.stringify(first.lines)).to.equal(0)
    expect(first.lines.find(({ type }) => type === 'summary')).to.include({ files: 2002, kept: 0, failed: 0 })
    expect(await digestOf(lab.path('out'))).to.equal(await digestOf(folder))
    await writeFile(lab.path('out', 'd3', 'f3'), 'file X')
    const again = await get(sharing.url, way).ended
    expect(again.lines.find(({ type }) => type === 'summary')).to.include({ files: 1, kept: 2001 })
    expect(await digestOf(lab.path('out'))).to.equal(await digestOf(folder))
  })

  it('writes nothing through a link that leads out of the folder', async () => {
    await mkdir(lab.path('www', 'tree', 'a'), { recursive: true })
    await writeFile(lab.path('www', 'tree', 'a', 'f'), 'shared')
    const sharing = await share('tree')
    await mkdir(lab.path('elsewhere'))
    await mkdir(lab.path('out'))
    await symlink(lab.path('elsewhere'), lab.path('out', 'a'))
    const { code } = await get(sharing.url, ['--bootstrap', sharing.address, '-P', lab.path('out')]).ended
    expect(code).to.not.equal(0)
    expect(await lab.files('elsewhere')).to.deep.equal([])
  })

  it('is found on a local network, where nobody names anybody', async function () {
    if (!hasNamespaces()) this.skip()
    const network = new LocalNetwork(lab)
    try {
      const sha256 = await lab.file('a.bin', 3 * MiB)
      const [one, two] = [network.host(), network.host()]
      const sharing = one.run(DF, ['share', '--no-daemon', '--json', lab.path('www', 'a.bin')], 'sharer')
      const { url } = await sharing.line('shared')
      const ended = await two.run(DF, ['get', '--json', '--no-daemon', url as string], 'getter').ended
      expect(ended.code, JSON.stringify(ended.lines)).to.equal(0)
      expect(receipt(ended)).to.include({ sha256 })
    } finally {
      network.close()
    }
  })
})

/** Of names, kinds, modes and bytes of all that is in a folder. */
async function digestOf(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(folder, { recursive: true })).toSorted()) {
    const found = await lstat(`${folder}/${name}`)
    hash.update(`${name} ${found.isDirectory()} ${found.mode & 0o100} `)
    if (found.isSymbolicLink()) hash.update(await readlink(`${folder}/${name}`))
    if (found.isFile()) hash.update(await readFile(`${folder}/${name}`))
  }
  return hash.digest('hex')
}
