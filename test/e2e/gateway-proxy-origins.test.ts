// The gateway's forward proxy and origins that are private, sign their URLs, break off, or are gone: real nginx, curl, seed.

import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { until } from '../waiting.ts'
import { bytesOf, type GatewayHost, has, startGateway } from './gateway-lab.ts'
import { hasNginx, Lab, type Nginx } from './lab.ts'

const LENGTH = 1_500_000
const COMMIT = '0123456789abcdef0123456789abcdef01234567'
const OBJECT = `objects/aa/bb/aabb${'0'.repeat(60)}`
const RULES = ['apt', 'huggingface', 'git-lfs']

/** Its storage forbids HEAD, and wants a signature, which differs each time. */
const NGINX = `location /private/ { if ($http_authorization !~ "^Bearer (one|two)$") { return 401; } }
  location /m/ { return 302 /storage$uri?X-Amz-Expires=60&X-Amz-Signature=$request_id; }
  location ~ ^/(storage|objects)/ {
    if ($request_method = HEAD) { return 405; }
    if ($args !~ "X-Amz-Signature=[0-9a-f]+$") { return 403; } }`

/** Bytes; 0 when there is none. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

describe('the forward proxy and its origins', () => {
  let lab: Lab
  let origin: Nginx
  let one: GatewayHost
  let two: GatewayHost

  before(async function () {
    if (!hasNginx() || !has('curl', '--version')) this.skip()
    lab = await Lab.open()
    for (const folder of ['private', `storage/m/resolve/${COMMIT}`, 'objects/aa/bb']) await lab.folder(`www/${folder}`)
    origin = await lab.nginx({ extra: `} ${NGINX} location /rest {` })
    const { address } = await lab.seed()
    one = await startGateway(lab, 'one', { rules: RULES }, ['--seed', address])
    two = await startGateway(lab, 'two', { rules: RULES }, ['--seed', address])
  })
  after(async () => lab?.close())

  it('asks the origin one question for the first GET, and gives its fields', async () => {
    const alone = await startGateway(lab, 'alone', { rules: RULES })
    const sha256 = await lab.file('first.deb', LENGTH)
    const { stdout } = await alone.curl('-D-', '-o', 'first', `${origin.url}/first.deb`)
    expect(await lab.read('first')).to.equal(sha256)
    expect((await origin.requests()).filter(r => r.path === '/first.deb')).to.have.length(1)
    const straight = await fetch(`${origin.url}/first.deb`, { method: 'HEAD' })
    for (const name of ['etag', 'last-modified', 'content-type', 'content-length'])
      expect(stdout.toString().toLowerCase()).to.include(`${name}: ${straight.headers.get(name)?.toLowerCase()}\r\n`)
  })

  it('gives a range of the version that it names, whole when If-Range names another', async () => {
    await lab.file('part.deb', LENGTH)
    const bytes = await readFile(lab.path('www', 'part.deb'))
    const url = `${origin.url}/part.deb`
    const { stdout } = await two.curl('-D-', '-o', 'part', '-r', '1000-1999', url)
    const etag = /^etag: (.*)\r$/im.exec(stdout.toString())?.[1] as string
    expect((await readFile(lab.path('part'))).equals(bytes.subarray(1000, 2000))).to.equal(true)
    const ifRange = async (tag: string) =>
      (
        await two.curl('-o', 'again', '-w', '%{http_code} %{size_download}', '-r', '-10', '-H', `If-Range: ${tag}`, url)
      ).stdout.toString()
    expect(await ifRange(etag)).to.equal('206 10')
    expect(await ifRange('"other"')).to.equal(`200 ${LENGTH}`)
  })

  it('gives private files to whom the origin shows them, and reads them once', async () => {
    const sha256 = await lab.file('private/f.deb', LENGTH)
    const url = `${origin.url}/private/f.deb`
    const get = (host: GatewayHost, token: string, out: string) =>
      host.curl('-o', out, '-w', '%{http_code}', '-H', `Authorization: Bearer ${token}`, url)
    expect((await get(one, 'one', 'p1')).stdout.toString()).to.equal('200')
    for (const host of [one, two]) {
      expect((await get(host, 'wrong', 'p2')).stdout.toString()).to.equal('401')
      expect(await readFile(lab.path('p2'), 'utf8')).to.match(/401 Authorization Required.*nginx/s)
      const without = await host.curl('-o/dev/null', '-w', '%{http_code}', url)
      expect(without.stdout.toString()).to.equal('401')
    }
    expect((await get(two, 'two', 'p3')).stdout.toString()).to.equal('200')
    for (const out of ['p1', 'p3']) expect(await lab.read(out)).to.equal(sha256)
    const whole = (await origin.requests()).filter(r => r.path === '/private/f.deb' && r.bytes >= LENGTH)
    expect(whole).to.have.length(1)
  })

  it('follows signed redirects, which differ each time, and shares what they lead to', async () => {
    const sha256 = await lab.file(`storage/m/resolve/${COMMIT}/model.bin`, LENGTH)
    for (const [i, host] of [one, two, one].entries()) {
      const { stdout } = await host.curl('-o', `m${i}`, '-w', '%{http_code}', `${origin.url}/m/resolve/${COMMIT}/model.bin`)
      expect(stdout.toString()).to.equal('200')
      expect(await lab.read(`m${i}`)).to.equal(sha256)
    }
    // what a client sees of the redirect by HEAD is the origin's own
    const head = await one.curl('-I', `${origin.url}/m/resolve/${COMMIT}/model.bin`)
    expect(head.stdout.toString()).to.match(/ 302 .*location: .*X-Amz-Signature/is)
    expect(await bytesOf(origin, '/storage/')).to.be.within(LENGTH, LENGTH * 1.01)
  })

  it('shares objects whose signed URLs differ', async () => {
    const sha256 = await lab.file(OBJECT, LENGTH)
    for (const [i, host] of [one, two, one].entries()) {
      const url = `${origin.url}/${OBJECT}?actor_id=${i}&X-Amz-Signature=${i}abc`
      const { stdout } = await host.curl('-o', `o${i}`, '-w', '%{http_code}', url)
      expect(stdout.toString()).to.equal('200')
      expect(await lab.read(`o${i}`)).to.equal(sha256)
    }
    const unsigned = await two.curl('-o/dev/null', '-w', '%{http_code}', `${origin.url}/${OBJECT}?actor_id=3`)
    expect(unsigned.stdout.toString()).to.equal('403')
    expect(await bytesOf(origin, '/objects/')).to.be.within(LENGTH, LENGTH * 1.01)
  })

  /**
   * Gives the first `cut` bytes of the first read, breaks off when the guest has something of them, and refuses this reader from
   * then on. Others are given everything. `shown`: what the guest writes to.
   */
  async function breaking(bytes: Buffer, cut: number, etags: [first: string, then: string], shown: string) {
    const ranges: (string | undefined)[] = []
    let isCut = false
    const server = createServer(({ headers }: IncomingMessage, response: ServerResponse) => {
      const isGuest = headers['user-agent']?.startsWith('curl/') === true
      if (isCut && !isGuest) return void response.writeHead(403).end()
      if (isGuest) ranges.push(headers.range)
      const etag = etags[isCut ? 1 : 0]
      const start = headers['if-range'] === etag ? Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0) : 0
      const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`
      response.writeHead(start > 0 ? 206 : 200, { etag, 'content-length': bytes.length - start, 'content-range': range })
      if (isCut) return void response.end(bytes.subarray(start))
      isCut = true
      response.write(bytes.subarray(0, cut))
      return void until(() => sizeOf(shown) > 0, 'the guest is given the first bytes').finally(() => response.destroy())
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const close = () => {
      server.closeAllConnections()
      server.close()
    }
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ranges, close }
  }

  it('goes on from the origin where the swarm gives up in the middle', async () => {
    const sha256 = await lab.file('cut.deb', LENGTH)
    const server = await breaking(await readFile(lab.path('www', 'cut.deb')), 1_200_000, ['"a"', '"a"'], lab.path('cut'))
    try {
      const { code, stderr } = await one.curl('-o', 'cut', `${server.url}/cut.deb`)
      expect(code, stderr).to.equal(0)
      expect(await lab.read('cut')).to.equal(sha256)
      expect(server.ranges).to.have.length(1)
      expect(server.ranges[0]).to.match(/^bytes=[1-9]\d*-1499999$/)
    } finally {
      server.close()
    }
  })

  it('breaks off when the origin has another version by then', async () => {
    await lab.file('other.deb', LENGTH)
    const server = await breaking(await readFile(lab.path('www', 'other.deb')), 1_200_000, ['"a"', '"b"'], lab.path('other'))
    try {
      const { code } = await one.curl('-o', 'other', `${server.url}/other.deb`)
      expect(code).to.equal(18)
    } finally {
      server.close()
    }
  })

  it('gives what the swarm has when the origin is gone', async () => {
    const sha256 = await lab.file('gone.deb', LENGTH)
    await one.curl('-o', 'gone1', `${origin.url}/gone.deb`)
    await origin.stop()
    const head = await two.curl('-I', `${origin.url}/gone.deb`)
    expect(head.stdout.toString()).to.match(new RegExp(` 200 .*content-length: ${LENGTH}`, 'is'))
    const { stdout } = await two.curl('-D-', '-o', 'gone2', `${origin.url}/gone.deb`)
    expect(stdout.toString()).to.match(/ 200 .*etag: "/is)
    expect(await lab.read('gone2')).to.equal(sha256)
    const absent = await two.curl('-o/dev/null', '-w', '%{http_code}', `${origin.url}/never.deb`)
    expect(absent.stdout.toString()).to.equal('502')
  })
})
