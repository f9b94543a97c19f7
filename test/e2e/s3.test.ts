// The gateway as a store of S3 for real clients: what docs/sources.md says runs, boto3 finds all that it looks for, and the store is read once.
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { DF, ROOT, run } from '../cli/processes.ts'
import { BucketStore, hasMoto } from '../origin/sources/bucket-store.ts'
import { NOWHERE } from '../origin/sources/environment.ts'
import { has } from './gateway-lab.ts'
import { freePort, Lab, LISTEN } from './lab.ts'

const MIB = 1024 * 1024
/** Some parts of 8 MiB, as boto3 and aws cut it. */
const WEIGHTS = randomBytes(44 * MIB + 17)
const SMALL = randomBytes(70_001)
const DIGEST = createHash('sha256').update(WEIGHTS).digest('hex')
const ALICE = { accessKeyId: 'AKIAALICE0000000AAAA', secretAccessKey: 'alicesecretkey77' }
const KEYS = { AWS_ACCESS_KEY_ID: ALICE.accessKeyId, AWS_SECRET_ACCESS_KEY: ALICE.secretAccessKey }
/** Of a client: it has to sign, and the gateway does not look. */
const ANY_KEYS = { AWS_ACCESS_KEY_ID: 'AKIANOBODY0000000000', AWS_SECRET_ACCESS_KEY: 'nobody', AWS_DEFAULT_REGION: 'us-east-1' }
const PYTHON = 'python3'

describe('S3 of the gateway, with real clients', function () {
  this.timeout(120_000)
  let lab: Lab
  let store: BucketStore

  before(async function () {
    if (!hasMoto()) return this.skip()
    if (spawnSync(PYTHON, ['-c', 'import boto3']).status !== 0) {
      console.warn('SKIPPED: boto3 is not installed (pip install boto3)')
      return this.skip()
    }
    store = await BucketStore.start()
    store.readers.set(ALICE.accessKeyId, ALICE)
    await store.bucket('models')
    await store.object('/models/model.safetensors', WEIGHTS, { headers: { 'x-amz-meta-step': '7' } })
    for (const name of ['config.json', 'b/1', 'b/2']) await store.object(`/models/llama/${name}`, SMALL)
  })
  after(() => store?.stop())
  beforeEach(async () => {
    lab = await Lab.open()
  })
  afterEach(() => lab.close())

  const given = (from: number) =>
    store.requests
      .slice(from)
      .filter(({ method, path, bytes }) => method === 'GET' && path === '/models/model.safetensors' && bytes > 1)
  const bytesOf = (requests: readonly { bytes: number }[]) => requests.reduce((sum, { bytes }) => sum + bytes, 0)
  const gateway = async (home: string, flags: readonly string[]) => {
    const env = { ...NOWHERE, ...KEYS, AWS_ENDPOINT_URL_S3: store.url }
    const usual = ['daemon', 'start', '--json', '--no-lan', '--gateway', '127.0.0.1:0', '--gateway-s3', 'host', ...LISTEN]
    const daemon = lab.df([...usual, '--log-level', 'debug', ...flags], home, env)
    return { daemon, at: `${(await daemon.line('ready')).gateway}/s3` }
  }
  const python = async (at: string, program: string) => {
    const env = { ...process.env, ...NOWHERE, ...ANY_KEYS, AWS_ENDPOINT_URL_S3: at }
    return await run(PYTHON, ['-c', `import boto3\ns3 = boto3.client("s3")\n${program}`], { cwd: lab.dir, env })
  }

  it('does what docs/sources.md says', async () => {
    const doc = await readFile(path.join(ROOT, 'docs', 'sources.md'), 'utf8')
    const section = doc.split(/^## /m).find(part => part.startsWith('S3 for unchanged programs')) ?? ''
    const lines = (/^```sh\n([\s\S]*?)^```$/m.exec(section)?.[1] ?? '').trim().split('\n')
    expect(lines).to.have.length(3)
    const port = await freePort()
    await mkdir(lab.path('bin'))
    await symlink(DF, lab.path('bin', 'df'))
    const home = { ...process.env, ...NOWHERE, DRAGONFLY_HOME: lab.path('home'), PATH: `${lab.path('bin')}:${process.env.PATH}` }
    const ofDaemon = { ...home, ...KEYS, AWS_ENDPOINT_URL_S3: store.url }
    const from = store.requests.length
    try {
      for (const [i, line] of lines.entries()) {
        if (line.startsWith('aws') && !has('aws', '--version')) continue
        const ended = await run('bash', ['-c', line.replaceAll('65001', String(port))], {
          cwd: lab.dir,
          env: i === 0 ? ofDaemon : { ...home, ...ANY_KEYS },
        })
        expect(ended, `${line}\n${ended.stderr}`).to.include({ code: 0 })
        if (line.startsWith('aws')) expect((await readFile(lab.path('model.safetensors'))).equals(WEIGHTS)).to.equal(true)
      }
    } finally {
      await run(DF, ['daemon', 'stop'], { env: home })
    }
    expect((await readFile(lab.path('copy.bin'))).equals(WEIGHTS)).to.equal(true)
    expect(bytesOf(given(from))).to.equal(WEIGHTS.length)
    expect(given(from)).to.have.length(1)
  })

  it('boto3 on two hosts in parallel parts reads the store once, and leaves no key behind', async () => {
    const seed = lab.df(['seed', 'start', '--json', '--allow-origin', '127.0.0.1', ...LISTEN, '--log-level', 'debug'], 'seed')
    const [address = ''] = (await seed.line('ready')).addresses as string[]
    const hosts = [await gateway('one', ['--seed', address]), await gateway('two', ['--seed', address])]
    const from = store.requests.length
    const ended = await Promise.all(
      hosts.map(({ at }, i) => python(at, `s3.download_file("models", "model.safetensors", "copy-${i}")`)),
    )
    for (const [i, { code, stderr }] of ended.entries()) {
      expect(code, stderr).to.equal(0)
      const copy = await readFile(lab.path(`copy-${i}`))
      expect(createHash('sha256').update(copy).digest('hex')).to.equal(DIGEST)
    }
    expect(bytesOf(given(from))).to.be.within(WEIGHTS.length, WEIGHTS.length * 1.01)
    for (const { child } of [seed, ...hosts.map(({ daemon }) => daemon)]) child.kill('SIGTERM')
    const said = await Promise.all([seed, ...hosts.map(({ daemon }) => daemon)].map(({ ended }) => ended))
    expect(said.map(({ stdout, stderr }) => `${stdout}${stderr}`).join()).not.to.match(/X-Amz-Sig|AKIAALICE|alicesecret/)
    expect(await lab.filesWith([ALICE.secretAccessKey, ALICE.accessKeyId, 'X-Amz-Signature'])).to.deep.equal([])
  })

  it('rclone copies in parallel streams, and a folder', async function () {
    if (!has('rclone', 'version')) return this.skip()
    const { at } = await gateway('host', [])
    const from = store.requests.length
    const remote = `:s3,provider=Other,env_auth=true,endpoint='${at}':models`
    const flags = ['--multi-thread-streams', '4', '--multi-thread-cutoff', '10M', '--config', lab.path('none')]
    const copy = (...args: string[]) =>
      run('rclone', [...args, ...flags], {
        cwd: lab.dir,
        env: { ...process.env, AWS_CA_BUNDLE: undefined, ...NOWHERE, ...ANY_KEYS },
      })
    const one = await copy('copyto', `${remote}/model.safetensors`, 'copy')
    expect(one.code, one.stderr).to.equal(0)
    expect((await readFile(lab.path('copy'))).equals(WEIGHTS)).to.equal(true)
    expect(bytesOf(given(from))).to.equal(WEIGHTS.length)
    const folder = await copy('copy', `${remote}/llama`, 'llama')
    expect(folder.code, folder.stderr).to.equal(0)
    expect((await lab.files('llama')).sort()).to.deep.equal(['b', 'config.json'])
    expect((await readFile(lab.path('llama', 'b', '2'))).equals(SMALL)).to.equal(true)
  })

  it('boto3 finds what it looks for, and is told what is not there', async () => {
    const { at } = await gateway('host', [])
    const etag = createHash('md5').update(SMALL).digest('hex')
    const program = `
import json, io
from botocore.exceptions import ClientError
def code(work):
    try: work()
    except ClientError as error: return [error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]]
name = dict(Bucket="models", Key="llama/config.json")
head = s3.head_object(Bucket="models", Key="model.safetensors", ChecksumMode="ENABLED")
part = s3.get_object(Range="bytes=10-19", **name)
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="models", Prefix="llama/", PaginationConfig={"PageSize": 2})
print(json.dumps({
  "head": [head["ContentLength"], head["Metadata"], "ChecksumSHA256" in head],
  "whole": len(s3.get_object(**name)["Body"].read()),
  "part": [part["Body"].read().hex(), part["ContentRange"]],
  "bucket": s3.head_bucket(Bucket="models")["ResponseMetadata"]["HTTPStatusCode"],
  "location": s3.get_bucket_location(Bucket="models")["ResponseMetadata"]["HTTPStatusCode"],
  "v2": [item["Key"] for page in pages for item in page["Contents"]],
  "v1": [each["Prefix"] for each in s3.list_objects(Bucket="models", Prefix="llama/", Delimiter="/")["CommonPrefixes"]],
  "match": len(s3.get_object(IfMatch='"${etag}"', **name)["Body"].read()),
  "none": code(lambda: s3.get_object(IfNoneMatch='"${etag}"', **name)),
  "other": code(lambda: s3.get_object(IfMatch='"0"', **name)),
  "key": code(lambda: s3.get_object(Bucket="models", Key="none")),
  "headless": code(lambda: s3.head_object(Bucket="models", Key="none")),
  "nowhere": code(lambda: s3.get_object(Bucket="nowhere", Key="none")),
  "range": code(lambda: s3.get_object(Range="bytes=99999999-", **name)),
  "put": code(lambda: s3.put_object(Body=b"x" * 300000, **name)),
  "upload": code(lambda: s3.create_multipart_upload(**name)),
  "delete": code(lambda: s3.delete_object(**name)),
  "acl": code(lambda: s3.get_object_acl(**name)),
}))
try: s3.put_object(Body=b"x", **name)
except ClientError as error: print(error.response["Error"]["Message"])`
    const { code, stdout, stderr } = await python(at, program)
    expect(code, stderr).to.equal(0)
    const [found = '', message] = stdout.trim().split('\n')
    const keys = ['b/1', 'b/2', 'config.json'].map(name => `llama/${name}`)
    expect(JSON.parse(found)).to.deep.equal({
      head: [WEIGHTS.length, { step: '7' }, true],
      whole: SMALL.length,
      part: [SMALL.subarray(10, 20).toString('hex'), `bytes 10-19/${SMALL.length}`],
      bucket: 200,
      location: 200,
      v2: keys,
      v1: ['llama/b/'],
      match: SMALL.length,
      none: [304, '304'],
      other: [412, 'PreconditionFailed'],
      key: [404, 'NoSuchKey'],
      headless: [404, '404'],
      nowhere: [404, 'NoSuchBucket'],
      range: [416, 'InvalidRange'],
      put: [405, 'MethodNotAllowed'],
      upload: [405, 'MethodNotAllowed'],
      delete: [405, 'MethodNotAllowed'],
      acl: [501, 'NotImplemented'],
    })
    expect(message).to.match(/upload without --endpoint-url/)
  })

  it('ends at once where others could read with the keys of this host', async () => {
    const env = { ...NOWHERE, ...KEYS, AWS_ENDPOINT_URL_S3: store.url }
    const start = (...flags: string[]) => lab.df(['daemon', 'start', '--no-lan', ...LISTEN, ...flags], 'host', env).ended
    const open = await start('--gateway', '0.0.0.0:0', '--gateway-s3', 'host')
    expect(open.code).to.equal(2)
    expect(open.stderr).to.match(/would read with the AWS credentials of this one; write --gateway 127\.0\.0\.1:PORT/)
    const none = await start('--gateway-s3', 'host')
    expect(none.code).to.equal(2)
    expect(none.stderr).to.match(/--gateway-s3 needs --gateway; add --gateway 127\.0\.0\.1:65001/)
  })
})
