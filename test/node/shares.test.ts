// Files that a node shares: found by their CID alone, believed for nothing else.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, open, readFile, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import type { ManifestHead, Seal } from '../../src/core/manifest.ts'
import { sha256 } from '../../src/core/piece.ts'
import { rawCid } from '../../src/core/root.ts'
import type { NodeOptions } from '../../src/node/api/node-options.ts'
import type { Receipt } from '../../src/node/api/receipt.ts'
import type { SharedContent } from '../../src/node/api/shared-content.ts'
import { lookAt, withFile } from '../../src/node/sharing/look.ts'
import { tellManifest } from '../malicious/forges-manifest.ts'
import { givesPiecesOf } from '../malicious/gives-bytes.ts'
import type { ScriptedPeer } from '../malicious/scripted-peer.ts'
import { until } from '../waiting.ts'
import { content, hex, PIECE } from '../world/content.ts'
import { manifestOf } from '../world/manifest.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const BODY = content('shared', 5 * PIECE - 7)

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'done',
    error => error.code,
  )
}

describe('a file that a node shares', () => {
  let world: World

  worldForEach(BODY, w => {
    world = w
  })

  async function file(name: string, bytes: Uint8Array): Promise<string> {
    const folder = world.path()
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, name), bytes)
    return join(folder, name)
  }

  async function sharer(more: NodeOptions = {}): Promise<{ host: Observed; path: string; shared: SharedContent }> {
    const host = await world.node({ store: world.path(), ...more })
    const path = await file('big.bin', BODY)
    return { host, path, shared: await host.node.share(path) }
  }

  const by = (host: Observed) => ({ bootstrap: [host.address] })
  const download = async ({ node }: Observed, url: string) => await node.download(url, world.path(), { keep: true })

  it('is fetched by its CID alone from a host that is named, under the name in the address', async () => {
    const { host, shared } = await sharer()
    expect(shared.url).to.match(/^dragonfly:bafy[a-z2-7]+\?name=big\.bin$/)
    expect(shared).to.include({ bytes: BODY.length, sha256: hex(BODY) })
    const other = await world.node(by(host))
    const folder = world.path()
    await mkdir(folder)
    const receipt = await other.node.download(shared.url, folder)
    expect(receipt).to.include({ sha256: hex(BODY), cid: shared.cid, fromOrigin: 0, trust: 'digest' })
    expect(receipt.output).to.equal(join(folder, 'big.bin'))
    expect(hex(await readFile(receipt.output))).to.equal(hex(BODY))
  })

  it('lies in the store without a second copy, and stays as it is for its owner', async () => {
    const { host, path, shared } = await sharer()
    expect(shared.kept).to.be.oneOf(['link', 'reflink'])
    expect((await stat(path)).mode & 0o777).to.equal(0o644)
    await host.node.stop()
    expect(hex(await readFile(path))).to.equal(hex(BODY))
  })

  it('is fetched through a seed that has never heard of it', async () => {
    const { host, shared } = await sharer()
    const seed = await world.seed(by(host))
    const other = await world.node({ seeds: [seed.address] })
    expect(await download(other, shared.url)).to.include({ sha256: hex(BODY) })
  })

  it('is fetched from whoever has fetched it, once the sharer has gone', async () => {
    const { host, shared } = await sharer()
    const second = await world.node(by(host))
    await download(second, shared.url)
    await host.node.stop()
    const third = await world.node(by(second))
    expect(await download(third, shared.url)).to.include({ sha256: hex(BODY) })
  })

  it('is not read from disk again by who shares it after a restart', async () => {
    const store = world.path()
    const { host, path, shared } = await sharer({ store })
    await host.node.stop()
    const again = await world.node({ store })
    expect(await again.node.share(path)).to.deep.equal({ ...shared, kept: 'stored' })
  })

  it('is not offered any more once it was changed, and no byte of the change is sent', async () => {
    const { host, path } = await sharer()
    const file = await open(path, 'r+')
    await file.write(Buffer.from('changed'), 0, 7, 0)
    await file.close()
    while (host.said(/was changed and is not shared any more/).length === 0) await pause(50)
    while ((await host.node.administration.contents()).length > 0) await pause(20)
    expect(await readFile(path, 'latin1')).to.match(/^changed/)
  })

  /** A stranger who is met first, and signs a manifest of `bytes` with a seal of his choice. */
  async function liar(url: string, bytes: Buffer, lies: Partial<Seal>): Promise<ScriptedPeer> {
    const forge = (head: ManifestHead) => ({ ...head, seal: { ...(head.seal as Seal), ...lies } })
    return await world.scriptedPeer(url, {
      met: (link, attacker) => tellManifest(link, attacker, manifestOf(attacker.task, bytes), forge),
      ask: givesPiecesOf(bytes, PIECE),
    })
  }

  /** The node meets the liar, and the honest host only then. */
  async function against(attacker: ScriptedPeer, host: Observed, url: string): Promise<{ node: Observed; receipt: Receipt }> {
    const node = await world.node({ bootstrap: [attacker.address] })
    const fetched = download(node, url)
    await until(() => attacker.links.length > 0, 'the node has met the liar')
    await until(() => node.said(/banned/).length > 0, 'the lie is found out')
    const spare = await world.node({ bootstrap: [host.address, node.address] })
    await Promise.all([download(spare, url), fetched])
    return { node, receipt: await fetched }
  }

  it('is nothing that a stranger can pass other bytes off for: no piece of them is asked for', async () => {
    const { host, shared } = await sharer()
    const attacker = await liar(shared.url, content('other', BODY.length), { root: shared.cid, sha256: sha256(BODY) })
    const { node, receipt } = await against(attacker, host, shared.url)
    expect(receipt).to.include({ sha256: hex(BODY) })
    expect(node.said(/do not make the content/)).to.have.length(1)
    expect(attacker.asks).to.deep.equal([])
  })

  it('is right although who signed its manifest lies about the digest of the whole', async () => {
    const { host, shared } = await sharer()
    const attacker = await liar(shared.url, BODY, { sha256: sha256(Buffer.from('lie')) })
    const { receipt } = await against(attacker, host, shared.url)
    expect(receipt).to.include({ sha256: hex(BODY) })
  })

  it('takes no credentials, and no digest of another kind', async () => {
    const { node } = await world.node()
    for (const url of ['dragonfly:', 'dragonfly:bafy', 'dragonfly:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPFZB']) {
      expect(await codeOf(node.download(url))).to.equal('bad-url')
    }
    const { shared } = await sharer()
    expect(await codeOf(node.download(shared.url, '.', { headers: [['authorization', 'Bearer x']] }))).to.equal('bad-option')
  })

  it('is given to who knows its CID, and not by its SHA-256, which many lists tell, nor by a CID without a proof', async () => {
    const { host, shared } = await sharer()
    const attacker = await world.scriptedPeer('http://127.0.0.1/elsewhere')
    for (const name of [rawCid(Buffer.from(shared.sha256, 'hex')), CID.parse(shared.cid)]) {
      const hello = { ...attacker.hello(host.id), topic: name.bytes, proof: new Uint8Array() }
      const answer = await attacker.say(host.address, () => hello).catch(error => String(error))
      expect(answer).to.match(/unknown-topic/)
    }
  })

  it('is not shown by its address to who looks at the live page', async () => {
    const { host, shared } = await sharer()
    const { contents } = await host.node.live()
    expect(contents).to.have.length(1)
    expect(contents[0]?.url).to.match(/^dragonfly:bafy.{4}…/)
    expect(JSON.stringify(contents)).not.to.contain(shared.cid)
  })

  it('may be named by a link, and may be a program that runs', async function () {
    if (process.platform !== 'linux') this.skip()
    const { node } = await world.node({ store: world.path() })
    const path = await file('big.bin', BODY)
    await symlink('big.bin', join(dirname(path), 'latest'))
    const shared = await node.share(join(dirname(path), 'latest'))
    expect(shared).to.include({ sha256: hex(BODY), bytes: BODY.length })
    expect(shared.url).to.match(/\?name=latest$/)
    const program = join(dirname(path), 'program')
    await copyFile('/bin/sleep', program)
    await chmod(program, 0o755)
    const running = spawn(program, ['60'])
    try {
      await once(running, 'spawn')
      expect(await node.share(program)).to.include({ bytes: (await stat(program)).size })
    } finally {
      running.kill()
      await once(running, 'exit')
    }
  })

  describe('in a folder where somebody else may write', () => {
    it('is not read where a link, or a pipe, has taken its place meanwhile', async function () {
      if (process.platform === 'win32') this.skip()
      const path = await file('report', BODY)
      const secret = await file('secret', BODY)
      const look = await lookAt(path)
      const read = async () => await codeOf(withFile(path, look, async () => {}))
      expect(await read()).to.equal('done')
      await rm(path)
      await symlink(secret, path)
      expect(await read()).to.equal('origin-changed')
      expect(await codeOf(lookAt(path))).to.equal('bad-option')
      await rm(path)
      execFileSync('mkfifo', [path])
      expect(await read()).to.equal('origin-changed')
    })

    it('is not read where a folder on the way has become a link, not even the very same file', async function () {
      if (process.platform === 'win32') this.skip()
      const folder = await realpath(dirname(await file('report', BODY)))
      const path = join(folder, 'report')
      const look = await lookAt(path)
      await rename(folder, `${folder}.other`)
      await symlink(`${folder}.other`, folder)
      expect(await codeOf(withFile(path, look, async () => {}))).to.equal('origin-changed')
    })
  })

  it('is refused where it cannot be read', async () => {
    const { node } = await world.node({ store: world.path() })
    expect(await codeOf(node.share(world.path()))).to.equal('bad-option')
    expect(await codeOf(node.share('/dev/null'))).to.equal('bad-option')
  })
})
