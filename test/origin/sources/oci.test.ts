// oci:// against real registries: open, with htpasswd, and with a token server.
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { DragonflyError } from '../../../src/core/errors.ts'
import { OCI, parseOciUrl } from '../../../src/origin/sources/oci.ts'
import { resolveSource } from '../../../src/origin/sources/resolve-source.ts'
import { type Blob, digestOf, missingPrograms, RegistryLab } from '../../gateway/auth/registry-lab.ts'
import { TokenServer } from '../../gateway/auth/token-server.ts'
import { World } from '../../world/world.ts'
import { pushArtifact } from './artifacts.ts'
import { withVariables } from './environment.ts'
import { listed } from './listed.ts'

const WEIGHTS = randomBytes(1_500_003)
const CONFIG = Buffer.from('{"kind": "tiny"}')
const missing = missingPrograms()

describe('the URL of a file of an artifact', () => {
  it('has a registry, a repository, a tag or a digest, and a title', () => {
    const parsed = (url: string) => {
      const { reference, title } = parseOciUrl(url)
      return [reference.url.href, reference.repository, reference.version, title]
    }
    const digest = digestOf(CONFIG)
    expect(parsed('oci://ghcr.io/Org/x'.toLowerCase())).to.deep.equal(['https://ghcr.io/', 'org/x', 'latest', undefined])
    expect(parsed('oci://ghcr.io/org/x:v1/a b/c.bin')).to.deep.equal(['https://ghcr.io/', 'org/x', 'v1', 'a b/c.bin'])
    expect(parsed(`oci://localhost:5000/x@${digest}/y`)).to.deep.equal(['http://localhost:5000/', 'x', digest, 'y'])
    expect(parsed('oci://registry/x:1')[0]).to.equal('https://registry/')
    for (const bad of [
      'oci://ghcr.io',
      'oci://ghcr.io/',
      'oci://ghcr.io/org/x:v1/',
      'oci://ghcr.io/org/x?y',
      'oci://ghcr.io/Org/x',
      'oci://a@ghcr.io/x',
    ]) {
      expect(() => parseOciUrl(bad), bad)
        .to.throw(DragonflyError)
        .with.property('code', 'bad-url')
    }
  })
})

describe('files of an artifact', () => {
  if (missing.length > 0) {
    it(`SKIPPED: ${missing.join(', ')} not installed`, function () {
      this.skip()
    })
    return
  }
  let lab: RegistryLab
  let tokens: TokenServer
  let open: string
  let guarded: string
  let withTokens: string
  let weights: Blob
  let manifest: string
  const as = <T>(variables: Record<string, string>, work: () => Promise<T>) => withVariables(variables, work)
  const failure = async (url: string, variables: Record<string, string> = {}) => {
    const error = await as(variables, () => resolveSource(url).catch((error: unknown) => error))
    expect(error).to.be.instanceOf(DragonflyError)
    return error as DragonflyError
  }

  before(async () => {
    lab = await RegistryLab.open()
    tokens = await TokenServer.open(lab.dir)
    const hosts = [await lab.registry(), await lab.registry(await lab.htpasswd()), await lab.registry(tokens.config)]
    ;[open = '', guarded = '', withTokens = ''] = hosts.map(url => new URL(url).host)
    manifest = await pushArtifact(lab, 'team/model', 'v1', { 'sub/weights.bin': WEIGHTS, 'config.json': CONFIG })
    await pushArtifact(lab, 'team/one', 'latest', { 'weights.bin': WEIGHTS })
    await pushArtifact(lab, 'public/one', 'v1', { 'weights.bin': WEIGHTS })
    weights = { digest: digestOf(WEIGHTS), bytes: WEIGHTS }
  })
  after(async () => {
    await tokens?.close()
    await lab?.close()
  })

  async function login(host: string): Promise<Record<string, string>> {
    const file = path.join(lab.dir, `login-${randomBytes(4).toString('hex')}.json`)
    const auth = Buffer.from('alice:s3cret').toString('base64')
    await writeFile(file, JSON.stringify({ auths: { [host]: { auth } } }))
    return { REGISTRY_AUTH_FILE: file }
  }

  it('are blobs that their digest names, under their titles; the only layer needs none', async () => {
    const found = await as(await login(open), () => resolveSource(`oci://${open}/team/model:v1/sub/weights.bin`))
    const { nameFile, ...rest } = found
    expect(nameFile?.()).to.equal('weights.bin')
    const url = `http://${open}/v2/team/model/blobs/${weights.digest}`
    expect(rest).to.deep.equal({
      url,
      shown: `oci://${open}/team/model:v1/sub/weights.bin`,
      digest: weights.digest,
      byDigest: true,
    })
    for (const name of ['team/one', 'team/one:latest', `team/model@${manifest}/sub/weights.bin`]) {
      expect((await as({}, () => resolveSource(`oci://${open}/${name}`))).digest, name).to.equal(weights.digest)
    }
  })

  it('are listed as they are now', async () => {
    const url = `oci://${open}/team/model:v1/`
    expect(OCI.isFolder?.(url)).to.equal(true)
    expect(OCI.isFolder?.(`oci://${open}/team/model:v1`)).to.equal(false)
    const files = await as({}, () => listed(OCI, url))
    const at = `oci://${open}/team/model@${manifest}`
    expect(files[1]?.request?.()).to.include({ digest: digestOf(CONFIG), byDigest: true })
    expect(files.map(({ request: _, ...file }) => file)).to.deep.equal([
      { path: ['sub', 'weights.bin'], url: `${at}/sub/weights.bin`, length: WEIGHTS.length, digest: weights.digest },
      { path: ['config.json'], url: `${at}/config.json`, length: CONFIG.length, digest: digestOf(CONFIG) },
    ])
    expect((await as({}, () => resolveSource(files[1]?.url ?? ''))).digest).to.equal(digestOf(CONFIG))
  })

  it('are shown to a login of a file or of a credential helper, and read once by a seed for all who have one', async function () {
    this.timeout(20_000)
    const world = await World.open()
    const docker = path.join(lab.dir, 'docker')
    const bin = path.join(lab.dir, 'bin')
    await mkdir(docker)
    await mkdir(bin)
    await writeFile(path.join(docker, 'config.json'), JSON.stringify({ credHelpers: { [guarded]: 'lab' } }))
    const helper = path.join(bin, 'docker-credential-lab')
    await writeFile(helper, '#!/bin/sh\necho \'{"Username": "alice", "Secret": "s3cret"}\'\n')
    await chmod(helper, 0o755)
    const helped = { REGISTRY_AUTH_FILE: '', DOCKER_CONFIG: docker, PATH: `${bin}:${process.env.PATH}` }
    try {
      const seed = await world.seed({ allowOrigins: ['127.0.0.1'] })
      for (const host of [guarded, withTokens]) {
        for (const variables of [await login(host), host === guarded ? helped : await login(host)]) {
          const source = await as(variables, () => resolveSource(`oci://${host}/team/model:v1/sub/weights.bin`))
          const { url, shown: _, ...options } = source
          expect(options.headers?.[0]?.[0]).to.equal('authorization')
          expect(options.anonymous).to.equal(false)
          const { node } = await world.node({ seeds: [seed.address] })
          const folder = world.path()
          await mkdir(folder)
          const receipt = await node.download(url, `${folder}/`, options)
          expect(receipt.fromOrigin, host).to.equal(0)
          expect(await readdir(folder)).to.deep.equal(['weights.bin'])
          expect((await readFile(receipt.output ?? '')).equals(WEIGHTS)).to.equal(true)
        }
        const { node } = await world.node({ seeds: [seed.address] })
        const url = `http://${host}/v2/team/model/blobs/${weights.digest}`
        const work = node.download(url, world.path(), { digest: weights.digest, byDigest: true, origin: false })
        expect(await work.catch((error: unknown) => error), host).to.be.instanceOf(DragonflyError)
      }
      const said = seed.events.map(event => JSON.stringify(event)).join()
      expect(said).not.to.match(/s3cret|Bearer|Basic|eyJ/)
    } finally {
      await world.close()
    }
  })

  it('are public with a token that anybody gets', async () => {
    const found = await as(await login(withTokens), () => resolveSource(`oci://${withTokens}/public/one:v1`))
    expect(found.anonymous).to.equal(true)
    expect(found.headers?.[0]?.[1]).to.match(/^Bearer /)
  })

  it('say what is wrong', async () => {
    const file = await failure(`oci://${open}/team/model:v1/none.bin`)
    expect(file).to.include({ code: 'origin-not-found', hint: 'it has sub/weights.bin, config.json' })
    const several = await failure(`oci://${open}/team/model:v1`)
    expect(several.code).to.equal('bad-url')
    expect(several.message).to.match(/team\/model:v1 has 2 layers/)
    expect(several.hint).to.match(/name one of them: …\/sub\/weights\.bin/)
    expect(await failure(`oci://${open}/team/model:v9/x`)).to.include({ code: 'origin-not-found' })
    for (const host of [guarded, withTokens]) {
      const error = await failure(`oci://${host}/team/model:v1/config.json`)
      expect(error.code, host).to.equal('origin-forbidden')
      expect(error.hint).to.match(/docker login/)
    }
  })
})
