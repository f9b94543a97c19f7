// ipfs: URLs as a source: what a path names, and what lies below a folder, plain or in a hash trie.
import { createHash, randomBytes } from 'node:crypto'
import * as dagPb from '@ipld/dag-pb'
import { expect } from 'chai'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { isSourceFolder, listSource, resolveSource } from '../../../src/origin/sources/resolve-source.ts'
import type { ListedFile } from '../../../src/origin/sources/source.ts'
import { failure } from '../fixtures.ts'
import { TrustlessGateway } from '../ipfs/trustless-gateway.ts'
import { withVariables } from './environment.ts'

const BODY = randomBytes(25_000)
const SMALL = Buffer.from('small')
const DIGEST = `sha256:${createHash('sha256').update(SMALL).digest('hex')}`
const DAG_PB = 0x70

describe('ipfs: URLs', () => {
  let gateway: TrustlessGateway

  beforeEach(async () => {
    gateway = await TrustlessGateway.start()
  })
  afterEach(() => gateway.stop())

  const reach = () => ({ ipfsGateways: [`${gateway.url}/`] })
  const all = async (url: string): Promise<ListedFile[]> => {
    const found: ListedFile[] = []
    for await (const file of listSource(url, reach())) found.push(file)
    return found
  }
  const folder = async (links: { name: string; cid: CID; size?: number }[]): Promise<CID> => {
    const Links = links.map(({ name, cid, size = 0 }) => ({ Name: name, Hash: cid, Tsize: size }))
    const bytes = dagPb.encode(dagPb.prepare({ Data: new UnixFS({ type: 'directory' }).marshal(), Links }))
    const cid = CID.createV1(DAG_PB, await sha256.digest(bytes))
    gateway.put(cid, bytes)
    return cid
  }

  it('that name a file become the URL of its own CID, with its name, and its digest where the CID is one', async () => {
    const { root, cids } = await gateway.addFolder({ 'sub/big file.bin': BODY, 'sub/small.txt': SMALL, 'other/small.txt': SMALL })
    const big = await resolveSource(`ipfs://${root}/sub/big%20file.bin`, reach())
    expect(big).to.include({ url: `ipfs://${cids.get('sub/big file.bin')}`, shown: `ipfs://${root}/sub/big%20file.bin` })
    expect(big).to.not.have.property('digest')
    expect(big.nameFile?.()).to.equal('big file.bin')
    const small = await resolveSource(`ipfs://${root}/sub/small.txt`, reach())
    expect(small).to.include({ digest: DIGEST })
    expect((await resolveSource(`ipfs://${root}/other/small.txt`, reach())).url).to.equal(small.url)
  })

  it('are normalised without asking, where there is no path', async () => {
    const { root } = await gateway.addFolder({ 'a.bin': BODY }, { rawLeaves: false })
    expect(root.version).to.equal(0)
    const found = await resolveSource(`ipfs://${root}`, reach())
    expect(found).to.include({ url: `ipfs://${root.toV1()}`, shown: `ipfs://${root}` })
    expect(gateway.asked).to.deep.equal([])
  })

  it('tell a folder from a file', async () => {
    const { root, cids } = await gateway.addFolder({ 'sub/a.bin': BODY, 'small.txt': SMALL })
    const folders = { [`ipfs://${root}`]: true, [`ipfs://${root}/sub`]: true, [`ipfs://${root}/sub/a.bin`]: false }
    for (const [url, is] of Object.entries(folders)) expect(await isSourceFolder(url, reach()), url).to.equal(is)
    gateway.asked.length = 0
    expect(await isSourceFolder(`ipfs://${cids.get('small.txt')}`, reach())).to.equal(false)
    expect(await isSourceFolder(`ipfs://${root}/`, reach())).to.equal(true)
    expect(gateway.asked).to.deep.equal([])
  })

  it('are taken for a file where no gateway can be reached: a seed may reach one', async () => {
    const { root } = await gateway.addFolder({ 'a.bin': BODY })
    const nobody = { ipfsGateways: ['http://127.0.0.1:1'] }
    expect(await isSourceFolder(`ipfs://${root}`, nobody)).to.equal(false)
    await failure(isSourceFolder(`ipfs://${root}/a.bin`, nobody), 'origin-unreachable')
  })

  it('list a folder with lengths, digests and what each is read by', async () => {
    const { root, cids } = await gateway.addFolder({ 'sub/deep/big.bin': BODY, 'a.txt': SMALL, 'sub/b.txt': SMALL })
    const found = (await all(`ipfs://${root}`)).map(({ request, ...file }) => ({ ...file, read: request?.().url }))
    const at = (path: string) => ({ path: path.split('/'), url: `ipfs://${root}/${path}`, read: `ipfs://${cids.get(path)}` })
    expect(found).to.have.deep.members([
      { ...at('a.txt'), length: SMALL.length, digest: DIGEST },
      { ...at('sub/b.txt'), length: SMALL.length, digest: DIGEST },
      { ...at('sub/deep/big.bin'), length: BODY.length },
    ])
    expect((await all(`ipfs://${root}/sub/`)).map(({ path }) => path.join('/'))).to.have.members(['b.txt', 'deep/big.bin'])
  })

  for (const rawLeaves of [true, false]) {
    it(`list and find what lies in a hash trie, files of ${rawLeaves ? 'raw' : 'dag-pb'} leaves`, async () => {
      const files = Object.fromEntries(
        Array.from({ length: 1200 }, (_, i) => [`many/Datei ${i} ü.bin`, Buffer.from(`file ${i}`)]),
      )
      const { root, cids } = await gateway.addFolder(files, { shardFrom: 1000, rawLeaves })
      const listed = await all(`ipfs://${root}`)
      expect(listed.map(({ path }) => path.join('/'))).to.have.members(Object.keys(files))
      gateway.asked.length = 0
      for (const i of [0, 7, 500, 1199]) {
        const name = `Datei ${i} ü.bin`
        const found = await resolveSource(`ipfs://${root}/many/${encodeURIComponent(name)}`, reach())
        expect(found.url).to.equal(`ipfs://${cids.get(`many/${name}`)?.toV1()}`)
      }
      expect(gateway.asked.length).to.be.below(25)
      await failure(resolveSource(`ipfs://${root}/many/nobody`, reach()), 'origin-not-found')
    })
  }

  it('say what is not there, and do not go below a file', async () => {
    const { root } = await gateway.addFolder({ 'sub/a.bin': BODY })
    const missing = await failure(resolveSource(`ipfs://${root}/sub/b.bin`, reach()), 'origin-not-found')
    expect(missing.message).to.equal(`nothing at ipfs://${root}/sub/b.bin`)
    await failure(resolveSource(`ipfs://${root}/sub/a.bin/x`, reach()), 'origin-not-found')
    await failure(resolveSource(`ipfs://${root}/sub/`, reach()), 'bad-url')
    await failure(all(`ipfs://${await folder([])}`), 'origin-not-found')
  })

  it('list a link as something to be refused, and names as they are', async () => {
    const bytes = dagPb.encode(
      dagPb.prepare({ Data: new UnixFS({ type: 'symlink', data: Buffer.from('/etc/passwd') }).marshal(), Links: [] }),
    )
    const link = CID.createV1(DAG_PB, await sha256.digest(bytes))
    gateway.put(link, bytes)
    const file = await gateway.addFile(SMALL, { chunk: 1000 })
    const root = await folder([
      { name: '../evil', cid: file, size: 5 },
      { name: 'link', cid: link },
    ])
    expect((await all(`ipfs://${root}`)).map(({ path }) => path)).to.deep.equal([['../evil'], ['link']])
  })

  it('end where a folder holds itself many times over', async function () {
    this.timeout(60_000)
    let top = await folder([{ name: 'f', cid: await gateway.addFile(SMALL, { chunk: 1000 }) }])
    for (let i = 0; i < 5; i++) top = await folder(Array.from({ length: 1000 }, (_, n) => ({ name: `d${n}`, cid: top })))
    const empty = await folder([])
    let barren = empty
    for (let i = 0; i < 5; i++) barren = await folder(Array.from({ length: 1000 }, (_, n) => ({ name: `d${n}`, cid: barren })))
    const error = await failure(all(`ipfs://${barren}`), 'bad-url')
    expect(error.message).to.include('more than 200000 entries')
    let tower = top
    for (let i = 0; i < 70; i++) tower = await folder([{ name: 'd', cid: tower }])
    expect((await failure(all(`ipfs://${tower}`), 'bad-url')).message).to.include('folders more than 64 deep')
  })

  it('take their gateways from IPFS_GATEWAY, with or without /ipfs/, and refuse what is none', async () => {
    const { root } = await gateway.addFolder({ 'small.txt': SMALL })
    const url = `ipfs://${root}/small.txt`
    for (const value of [gateway.url, `${gateway.url}/ipfs/`, `http://127.0.0.1:1, ${gateway.url}`]) {
      const found = await withVariables({ IPFS_GATEWAY: value }, () => resolveSource(url))
      expect(found.digest, value).to.equal(DIGEST)
    }
    for (const bad of ['127.0.0.1:8080', 'ftp://x', 'http://user:secret@x', 'http://x?y']) {
      const error = await withVariables({ IPFS_GATEWAY: bad }, () => failure(resolveSource(url), 'bad-option'))
      expect(error.message, bad).to.equal('IPFS_GATEWAY: not the URL of an IPFS gateway')
    }
    const many = Array.from({ length: 17 }, (_, i) => `http://127.0.0.1:${i + 1}`)
    await failure(resolveSource(url, { ipfsGateways: many }), 'bad-option')
  })
})
