// The pull and content-discovery parts of the OCI distribution specification's conformance tests, asked through the mirror: a
// registry that passes them straight passes them through it, cold and warm, whichever way the registry is named.
import { expect } from 'chai'
import { World } from '../../world/world.ts'
import { digestOf, type Image, INDEX, RegistryLab } from '../auth/registry-lab.ts'
import { type Answer, ask, skipWithoutRegistry, startMirror } from './mirror-lab.ts'

const ABSENT = `sha256:${'0'.repeat(64)}`
const OCI = 'application/vnd.oci.image.manifest.v1+json'
const SCHEMA2 = 'application/vnd.docker.distribution.manifest.v2+json'
const LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
/** What the specification says of an answer that has a content, and what clients look at. */
const FIELDS = ['content-type', 'content-length', 'docker-content-digest']

describe('conformance of the mirror to the OCI distribution specification', () => {
  before(skipWithoutRegistry)

  let world: World
  let lab: RegistryLab
  let registry: string
  let image: Image
  let ways: Record<string, (path: string) => string>

  before(async () => {
    world = await World.open()
    lab = await RegistryLab.open()
    world.atEnd(() => lab.close())
    registry = await lab.registry()
    image = await lab.image('team/app', 'v1', 1000, 300_000)
    const { host } = new URL(registry)
    const at = await startMirror(world, { mirror: { registry: host } })
    ways = {
      'named by ns': path => `${at}/v2/${path}${path.includes('?') ? '&' : '?'}ns=${encodeURIComponent(host)}`,
      'named in the path': path => `${at}/v2/${host}/${path}`,
      'by default': path => `${at}/v2/${path}`,
    }
  })
  after(() => world?.close())

  /** Through the mirror twice by each way: the answers are the registry's own. Resolves to that. */
  async function same(path: string, method: string, headers: Record<string, string> = {}): Promise<Answer> {
    const straight = await ask(`${registry}/v2/${path}`, headers, method)
    for (const [name, urlOf] of Object.entries(ways)) {
      for (const time of ['cold', 'warm']) {
        const through = await ask(urlOf(path), headers, method)
        const what = `${method} ${path}, ${name}, ${time}`
        expect(through.status, what).to.equal(straight.status)
        expect(through.body.equals(straight.body), what).to.equal(true)
        for (const field of FIELDS) expect(through.headers[field], `${what}: ${field}`).to.equal(straight.headers[field])
      }
    }
    return straight
  }

  it('pull: blobs that are there', async () => {
    for (const { digest, bytes } of [...image.layers, image.config]) {
      const head = await same(`team/app/blobs/${digest}`, 'HEAD')
      expect([head.status, Number(head.headers['content-length'])]).to.deep.equal([200, bytes.length])
      const { body } = await same(`team/app/blobs/${digest}`, 'GET')
      expect(digestOf(body)).to.equal(digest)
    }
  })

  it('pull: manifests that are there, by digest and by tag', async () => {
    for (const reference of [image.digest, 'v1']) {
      expect((await same(`team/app/manifests/${reference}`, 'HEAD')).status).to.equal(200)
      expect(digestOf((await same(`team/app/manifests/${reference}`, 'GET')).body)).to.equal(image.digest)
    }
  })

  it('pull: blobs and manifests that are not there are 404 with the errors of the specification', async () => {
    for (const path of [`team/app/blobs/${ABSENT}`, `team/app/manifests/${ABSENT}`, 'team/app/manifests/absent']) {
      expect((await same(path, 'HEAD')).status).to.equal(404)
      const { status, body } = await same(path, 'GET')
      expect(status).to.equal(404)
      expect(JSON.parse(body.toString()).errors[0].code).to.match(/^(BLOB|MANIFEST|NAME)_UNKNOWN$/)
    }
    // what is no name or digest: this registry has a 500 for some of them
    for (const path of ['team/app/manifests/sha256:totallywrong', 'team/app/blobs/sha256:totallywrong', 'Nobody/x/tags/list'])
      await same(path, 'GET')
  })

  it('pull: image indexes, Docker schema 2, manifest lists, and artifacts', async () => {
    const entry = (mediaType: string, { digest, bytes }: { digest: string; bytes: Buffer }) => ({
      mediaType,
      digest,
      size: bytes.length,
    })
    const config = entry('application/vnd.docker.container.image.v1+json', image.config)
    const layers = image.layers.map(layer => entry('application/vnd.docker.image.rootfs.diff.tar.gzip', layer))
    const schema2 = { schemaVersion: 2, mediaType: SCHEMA2, config, layers }
    const size = Buffer.byteLength(JSON.stringify(schema2))
    const digest = await lab.manifest('team/app', 'schema2', SCHEMA2, schema2)
    const platform = { architecture: 'amd64', os: 'linux' }
    const manifests = [{ mediaType: SCHEMA2, digest, size, platform }]
    await lab.manifest('team/app', 'list', LIST, { schemaVersion: 2, mediaType: LIST, manifests })
    const oci = (await ask(`${registry}/v2/team/app/manifests/v1`)).body
    const known = { mediaType: OCI, digest: image.digest, size: oci.length, platform }
    await lab.manifest('team/app', 'index', INDEX, { schemaVersion: 2, mediaType: INDEX, manifests: [known] })
    const artifact = { schemaVersion: 2, mediaType: OCI, artifactType: 'application/vnd.example+type', subject: known }
    const empty = await lab.blob('team/app', Buffer.from('{}'))
    await lab.manifest('team/app', 'artifact', OCI, {
      ...artifact,
      config: entry('application/vnd.oci.empty.v1+json', empty),
      layers: [],
    })
    const TYPES = { schema2: SCHEMA2, list: LIST, index: INDEX, artifact: OCI }
    for (const [tag, type] of Object.entries(TYPES)) {
      const { headers, body } = await same(`team/app/manifests/${tag}`, 'GET')
      expect(headers['content-type']).to.equal(type)
      await same(`team/app/manifests/${digestOf(body)}`, 'GET')
      // a client that takes one type alone
      await same(`team/app/manifests/${tag}`, 'GET', { accept: type })
    }
  })

  it('content discovery: tags, a page of them, and referrers', async () => {
    await lab.image('team/app', 'v2', 10)
    const { status, body } = await same('team/app/tags/list', 'GET')
    expect(status).to.equal(200)
    expect(JSON.parse(body.toString()).tags).to.include.members(['v1', 'v2'])
    await same('team/app/tags/list?n=1', 'GET')
    await same('team/app/tags/list?n=1&last=v1', 'GET')
    await same(`team/app/referrers/${image.digest}`, 'GET')
  })
})
