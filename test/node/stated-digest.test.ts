// A download whose origin states the digest of the content: compared with what was read, on the receipt, and an error when wrong.
import { expect } from 'chai'
import { failure } from '../origin/fixtures.ts'
import { content, hex, PIECE } from '../world/content.ts'
import { World } from '../world/world.ts'

const BODY = content('stated', 2 * PIECE + 5)

function header(text: string): string {
  return `sha-256=:${Buffer.from(text, 'hex').toString('base64')}:`
}

describe('an origin that states the digest', () => {
  let world: World

  beforeEach(async () => {
    world = await World.open()
  })
  afterEach(() => world.close())

  it('is believed when the bytes have it, which the receipt says', async () => {
    const origin = await world.origin(BODY)
    const { node } = await world.node()
    const plain = await node.download(`${origin.url}/plain`, world.path())
    expect(plain.originDigest).to.equal(undefined)
    origin.headers = { 'repr-digest': header(hex(BODY)) }
    const receipt = await node.download(`${origin.url}/file`, world.path())
    expect(receipt).to.include({ originDigest: 'repr-digest', trust: 'origin' })
    const blob = await node.download(`${origin.url}/v2/a/blobs/sha256:${hex(BODY)}`, world.path())
    expect(blob.originDigest).to.equal('repr-digest')
  })

  it('fails the download when they have not; nothing of it stays', async () => {
    const origin = await world.origin(BODY)
    origin.headers = { 'repr-digest': header(hex(Buffer.from('x'))) }
    const { node } = await world.node()
    const url = `${origin.url}/file`
    const error = await failure(node.download(url, world.path()), 'digest-mismatch')
    expect(error.message).to.contain('repr-digest').and.to.contain(hex(BODY))
    origin.headers = { 'repr-digest': header(hex(BODY)) }
    const receipt = await node.download(url, world.path())
    expect(receipt).to.include({ resumed: 0, originDigest: 'repr-digest' })
  })

  it('is read anew where what an earlier download left has not the digest that is asked for', async () => {
    const origin = await world.origin(content('wrong', BODY.length))
    const { node } = await world.node()
    const url = `${origin.url}/file`
    const digest = `sha256:${hex(BODY)}`
    await failure(node.download(url, world.path(), { digest }), 'digest-mismatch')
    // a cache on the way that is mended gives the same ETag as before
    origin.body = BODY
    expect(await node.download(url, world.path(), { digest })).to.include({ resumed: 0, sha256: hex(BODY) })
    // and once only
    const before = origin.gets.length
    const other = `sha256:${hex(Buffer.from('x'))}`
    await failure(node.download(url, world.path(), { digest: other }), 'digest-mismatch')
    expect(origin.gets.length - before).to.be.within(1, 8)
  })

  it('fails the download of a registry blob that is another one than its URL names', async () => {
    const origin = await world.origin(BODY)
    const { node } = await world.node()
    const url = `${origin.url}/v2/a/blobs/sha256:${hex(Buffer.from('x'))}`
    const error = await failure(node.download(url, world.path()), 'digest-mismatch')
    expect(error.message).to.contain('the URL')
  })

  it('makes a seed fail, and with it whoever trusts the seed', async () => {
    const origin = await world.origin(BODY)
    origin.headers = { 'repr-digest': header(hex(Buffer.from('x'))) }
    const seed = await world.seed()
    const { node } = await world.node({ seeds: [seed.address] })
    await failure(node.download(`${origin.url}/file`, world.path(), { origin: false }), 'digest-mismatch')
    expect(origin.gets, 'one more try').to.have.length.within(1, 3)
  })
})
