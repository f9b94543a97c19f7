import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { DragonflyError } from '../../../src/core/errors.ts'
import { makeTask, type Task } from '../../../src/core/task.ts'
import { createNode } from '../../../src/node/node.ts'
import { resolveSource } from '../../../src/origin/sources/resolve-source.ts'
import { hostOf, parseS3Url } from '../../../src/origin/sources/s3-address.ts'
import { FILTER, Signer } from '../../../src/origin/sources/s3-signer.ts'
import { World } from '../../world/world.ts'
import { BucketStore, hasMoto, type ReaderKeys } from './bucket-store.ts'
import { withVariables } from './environment.ts'

const ALICE = { accessKeyId: 'AKIAALICE0000000AAAA', secretAccessKey: 'alice/secret+key' }
const BOB = { accessKeyId: 'AKIABOB000000000BBBB', secretAccessKey: 'bob/secret', sessionToken: 'bob-session+token/==' }
const MALLORY = { accessKeyId: 'AKIAMALLORY00000MMMM', secretAccessKey: 'mallory' }
const STRANGER = { accessKeyId: 'AKIASTRANGER0000SSSS', secretAccessKey: 'stranger' }
const SECRETS = /(?:alice|bob)\/secret|X-Amz|AKIA|bob-session/i

async function failure(work: Promise<unknown>): Promise<DragonflyError> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).to.be.instanceOf(DragonflyError)
  return error as DragonflyError
}

describe('the address of an object of S3', () => {
  it('is the bucket, and the key as it is', () => {
    expect(parseS3Url('s3://my.bucket/a b/100%.bin')).to.deep.equal({
      bucket: 'my.bucket',
      key: 'a b/100%.bin',
      versionId: undefined,
    })
    expect(parseS3Url('s3://b0b/k?versionId=x.1').versionId).to.equal('x.1')
    for (const bad of ['s3://', 's3://bucket', 's3://bucket/', 's3://bucket/folder/', 's3://-/k']) {
      expect(() => parseS3Url(bad), bad)
        .to.throw(DragonflyError)
        .with.property('code', 'bad-url')
    }
    expect(() => hostOf({ endpoint: undefined, region: 'us-east-1' }, parseS3Url('s3://bucket/a/../b'))).to.throw(/\.\./)
  })

  it('has the bucket in its host at Amazon, unless it has dots, and in its path elsewhere', () => {
    const at = (url: string, region: string, endpoint?: string) => hostOf({ endpoint, region }, parseS3Url(url))
    expect(at('s3://data/a b+c', 'eu-west-3')).to.equal('https://data.s3.eu-west-3.amazonaws.com/a%20b%2Bc')
    expect(at('s3://my.data/k', 'cn-north-1')).to.equal('https://s3.cn-north-1.amazonaws.com.cn/my.data/k')
    expect(at('s3://data/k?versionId=1', 'auto', 'https://store.example')).to.equal('https://store.example/data/k?versionId=1')
  })
})

describe('a signature for an object of S3', () => {
  it('is made anew every five minutes and with new keys; a task asks for it each time, and keeps its id', () => {
    let at = Date.UTC(2026, 0, 31, 23, 59)
    let keys: ReaderKeys = ALICE
    const place = { endpoint: 'https://store.example', region: 'auto' }
    const object = { bucket: 'b', key: 'k', versionId: 'v 1' }
    const signer = new Signer(place, object, { now: () => keys, from: 'here' }, 3_600_000, () => at)
    const asked = { filter: FILTER, scope: signer.scope(), renew: () => signer.url() }
    const task = makeTask({ url: signer.url(), ...asked })
    const first = new URL(task.url)
    expect(first.searchParams.get('versionId')).to.equal('v 1')
    expect(first.searchParams.get('X-Amz-Date')).to.equal('20260131T235500Z')
    expect(first.searchParams.get('X-Amz-Expires')).to.equal('3900')
    expect(task.url).to.equal(first.href)
    at += 61_000
    const second = new URL(task.url)
    expect(second.searchParams.get('X-Amz-Date')).to.equal('20260201T000000Z')
    expect(second.searchParams.get('X-Amz-Signature')).not.to.equal(first.searchParams.get('X-Amz-Signature'))
    expect(makeTask({ url: second.href, ...asked })).to.include({ id: task.id, subject: task.subject })
    keys = BOB
    expect(new URL(task.url).searchParams.get('X-Amz-Security-Token')).to.equal(BOB.sessionToken)
    expect(new URL(task.url).searchParams.get('X-Amz-Credential')).to.include(BOB.accessKeyId)
  })
})

describe('objects of S3, in a real store behind a door that checks signatures', () => {
  let store: BucketStore
  const secret = randomBytes(3_000_017)
  const open = randomBytes(300_000)
  const as = <T>(keys: ReaderKeys | undefined, work: () => Promise<T>) =>
    withVariables(
      {
        AWS_ENDPOINT_URL_S3: store.url,
        ...(keys && { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey }),
        ...(keys?.sessionToken !== undefined && { AWS_SESSION_TOKEN: keys.sessionToken }),
      },
      work,
    )

  before(async function () {
    this.timeout(30_000)
    if (!hasMoto()) return this.skip()
    store = await BucketStore.start()
    for (const keys of [ALICE, BOB]) store.readers.set(keys.accessKeyId, keys)
    store.readers.set(MALLORY.accessKeyId, { ...MALLORY, isDenied: true })
    await store.bucket('models')
    await store.object('/models/secret.bin', secret)
    await store.object('/models/odd%20(name)%2B1%25/%C3%BC.bin', open)
    await store.object('/models/public.bin', open, { isPublic: true })
  })
  after(() => store?.stop())

  it('are read with credentials, in ranges and whole, and checked by the digest that the store states', async () => {
    const { url, shown, ...options } = await as(ALICE, () => resolveSource('s3://models/secret.bin'))
    expect(shown).to.equal('s3://models/secret.bin')
    expect(options.scope).to.be.a('string')
    await using node = await createNode({ network: false, store: 'memory' })
    const got: Uint8Array[] = []
    const stream = node.get(url, options)
    for await (const bytes of stream) got.push(bytes)
    expect(Buffer.concat(got).equals(secret)).to.equal(true)
    const receipt = await stream.receipt
    expect(receipt.url).to.equal(`${store.url}/models/secret.bin`)
    const range: Uint8Array[] = []
    for await (const bytes of node.get(url, { ...options, range: { start: 1_000_000, end: 1_000_100 } })) range.push(bytes)
    expect(Buffer.concat(range).equals(secret.subarray(1_000_000, 1_000_100))).to.equal(true)
    const answer = await fetch(url)
    expect(answer.headers.get('x-amz-checksum-sha256')).to.equal(createHash('sha256').update(secret).digest('base64'))
    await answer.body?.cancel()
  })

  it('may have any name, and keys of a session', async () => {
    const { url, shown: _, ...options } = await as(BOB, () => resolveSource('s3://models/odd (name)+1%/ü.bin'))
    await using node = await createNode({ network: false, store: 'memory' })
    const got: Uint8Array[] = []
    for await (const bytes of node.get(url, options)) got.push(bytes)
    expect(Buffer.concat(got).equals(open)).to.equal(true)
  })

  it('have one name at a host however often they are signed, and a new signature for each use', async () => {
    const [first, again, other] = [
      await as(ALICE, () => resolveSource('s3://models/secret.bin')),
      await as(ALICE, () => resolveSource('s3://models/secret.bin', { signatureMs: 60_000 })),
      await as(BOB, () => resolveSource('s3://models/secret.bin')),
    ]
    expect(first.url).not.to.equal(again.url)
    const [task, same, another] = [first, again, other].map(({ shown: _, digest: _digest, ...request }) => makeTask(request)) as [
      Task,
      Task,
      Task,
    ]
    expect(task.id).to.equal(same.id)
    expect(task.id).not.to.equal(another.id)
    expect(task.subject).to.equal(another.subject)
    expect(task.isPrivate).to.equal(true)
  })

  it('that anybody may read are public, and nobody signs for them', async () => {
    const found = await as(ALICE, () => resolveSource('s3://models/public.bin'))
    expect(found).to.deep.equal({ url: `${store.url}/models/public.bin`, shown: 's3://models/public.bin' })
  })

  it('are found with the keys of a profile', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'df-aws-'))
    const config = path.join(dir, 'config')
    const file = path.join(dir, 'credentials')
    await writeFile(config, `[profile work]\nregion = eu-west-1\nendpoint_url = ${store.url}\n`)
    await writeFile(file, `[work]\naws_access_key_id = ${ALICE.accessKeyId}\naws_secret_access_key = ${ALICE.secretAccessKey}\n`)
    const variables = { AWS_PROFILE: 'work', AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: file }
    const { url } = await withVariables(variables, () => resolveSource('s3://models/secret.bin'))
    expect(new URL(url).searchParams.get('X-Amz-Credential')).to.include('/eu-west-1/s3/')
    await rm(dir, { recursive: true })
  })

  it('are found with the role of a container', async () => {
    const keys = { AccessKeyId: BOB.accessKeyId, SecretAccessKey: BOB.secretAccessKey, Token: BOB.sessionToken }
    const expiration = new Date(Date.now() + 3_600_000).toISOString()
    const role = http.createServer((_, response) => response.end(JSON.stringify({ ...keys, Expiration: expiration })))
    await new Promise<void>(resolve => role.listen(0, '127.0.0.1', resolve))
    try {
      const at = `http://127.0.0.1:${(role.address() as AddressInfo).port}/role`
      const variables = { AWS_CONTAINER_CREDENTIALS_FULL_URI: at, AWS_ENDPOINT_URL: store.url }
      const { url } = await withVariables(variables, () => resolveSource('s3://models/secret.bin'))
      expect(new URL(url).searchParams.get('X-Amz-Security-Token')).to.equal(BOB.sessionToken)
      store.readers.delete(BOB.accessKeyId)
      const error = await withVariables(variables, () => failure(resolveSource('s3://models/secret.bin')))
      expect(error.message).to.match(/the role of this container, key …BBBB/)
    } finally {
      store.readers.set(BOB.accessKeyId, BOB)
      role.closeAllConnections()
      await new Promise(resolve => role.close(resolve))
    }
  })

  const refusals: [who: string, keys: ReaderKeys | undefined, object: string, code: string, message: RegExp][] = [
    ['nobody', undefined, 'models/secret.bin', 'origin-forbidden', /access denied.*no AWS credentials were found/],
    ['who may not', MALLORY, 'models/secret.bin', 'origin-forbidden', /access denied.*AWS_ACCESS_KEY_ID, key …MMMM/],
    [
      'an unknown key',
      STRANGER,
      'models/secret.bin',
      'origin-forbidden',
      /does not know these keys \(InvalidAccessKeyId; .*…SSSS/,
    ],
    ['a wrong secret', { ...ALICE, secretAccessKey: 'x' }, 'models/secret.bin', 'origin-forbidden', /SignatureDoesNotMatch/],
    ['a wrong bucket', ALICE, 'nowhere/secret.bin', 'origin-not-found', /no bucket nowhere at 127/],
    ['a wrong key', ALICE, 'models/none.bin', 'origin-not-found', /bucket models has no none\.bin/],
  ]
  for (const [who, keys, object, code, message] of refusals) {
    it(`says what is wrong: ${who}`, async () => {
      const error = await as(keys, () => failure(resolveSource(`s3://${object}`)))
      expect(error.message).to.match(message)
      expect(error.code).to.equal(code)
      expect(error.hint).to.be.a('string')
      expect(error.message).not.to.match(/X-Amz/)
    })
  }

  it('says that the clocks differ', async () => {
    store.skewMs = -3_600_000
    try {
      const error = await as(ALICE, () => failure(resolveSource('s3://models/secret.bin')))
      expect(error.message).to.match(/the clocks differ by (59|60|61) minutes/)
      expect(error.hint).to.match(/check the clock of this host/)
    } finally {
      store.skewMs = 0
    }
  })

  it('are read once by a seed for all who may read them, and given to nobody else', async function () {
    this.timeout(30_000)
    const world = await World.open()
    try {
      const seed = await world.seed()
      const get = async (keys: ReaderKeys) => {
        const { url, shown: _, ...options } = await as(keys, () => resolveSource('s3://models/secret.bin'))
        const host = await world.node({ seeds: [seed.address] })
        const file = world.path()
        const receipt = await host.node.download(url, file, options)
        expect((await readFile(file)).equals(secret)).to.equal(true)
        return { receipt, host }
      }
      const before = store.bytesOf('/models/secret.bin')
      const first = await get(ALICE)
      expect(first.receipt.fromOrigin).to.equal(0)
      const second = await get(BOB)
      expect(second.receipt.fromOrigin).to.equal(0)
      // looks of one byte beside it
      expect(store.bytesOf('/models/secret.bin') - before).to.be.within(secret.length, secret.length + 100)
      // who has no keys, or such as may not, asks the seed with what he has
      const bare = await world.node({ seeds: [seed.address] })
      const { url, filter } = await as(ALICE, () => resolveSource('s3://models/secret.bin'))
      const forged = url.replace(ALICE.accessKeyId, MALLORY.accessKeyId)
      for (const asked of [url.replace(/\?.*/, ''), forged]) {
        const error = await failure(bare.node.download(asked, world.path(), { filter: filter ?? [], origin: false }))
        expect(error.code).to.equal('origin-forbidden')
        expect(error.message).not.to.match(SECRETS)
      }
      const said = [seed, first.host, second.host, bare].flatMap(({ events }) => events.map(event => JSON.stringify(event)))
      expect(said.filter(text => SECRETS.test(text))).to.deep.equal([])
      expect(JSON.stringify([first.receipt, await seed.node.status()])).not.to.match(SECRETS)
    } finally {
      await world.close()
    }
  })
})
