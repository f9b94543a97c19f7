// An image, pulled by podman from a real registry through the gateway as `df gateway setup` has it.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { DF, run, start } from '../cli/processes.ts'
import { until } from '../waiting.ts'
import { Lab } from './lab.ts'

const TYPES = 'application/vnd.oci.image'

function has(program: string, what: string): boolean {
  const isHere = spawnSync(program, ['--version']).status === 0
  if (!isHere) console.warn(`SKIPPED: ${program} is not installed (apt-get install ${what})`)
  return isHere
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    server.close(() => resolve(port))
  })
  return await promise
}

/** An image of one empty layer, put there without any tool. */
async function push(registry: string, name: string): Promise<void> {
  const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const tar = Buffer.alloc(1024)
  const layer = gzipSync(tar)
  const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] }
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs }))
  for (const blob of [layer, config]) {
    const { headers } = await fetch(`${registry}/v2/${name}/blobs/uploads/`, { method: 'POST' })
    const place = new URL(headers.get('location') ?? '', registry)
    place.searchParams.set('digest', digestOf(blob))
    expect((await fetch(place, { method: 'PUT', body: new Uint8Array(blob) })).status).to.equal(201)
  }
  const described = (type: string, blob: Uint8Array) => ({
    mediaType: `${TYPES}.${type}`,
    digest: digestOf(blob),
    size: blob.length,
  })
  const manifest = {
    schemaVersion: 2,
    mediaType: `${TYPES}.manifest.v1+json`,
    config: described('config.v1+json', config),
    layers: [described('layer.v1.tar+gzip', layer)],
  }
  const { status } = await fetch(`${registry}/v2/${name}/manifests/v1`, {
    method: 'PUT',
    headers: { 'content-type': manifest.mediaType },
    body: JSON.stringify(manifest),
  })
  expect(status).to.equal(201)
}

describe('df gateway check --image', function () {
  this.timeout(120_000)
  let lab: Lab
  const stops: (() => Promise<unknown>)[] = []

  before(async function () {
    if (!has('podman', 'podman') || !has('docker-registry', 'docker-registry')) return this.skip()
    lab = await Lab.open()
  })
  after(async () => {
    for (const stop of stops) await stop()
    await lab?.close()
  })

  it('pulls with podman, and sees that the gateway was asked, and the registry by it', async () => {
    const [registryPort, gatewayPort] = [await freePort(), await freePort()]
    await writeFile(
      lab.path('registry.yml'),
      `version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: ${lab.path('images')}}}\nhttp: {addr: '127.0.0.1:${registryPort}'}\n`,
    )
    const running = (command: string, args: string[], env = process.env) => {
      const started = start(command, args, { env })
      stops.push(async () => {
        started.child.kill()
        await started.ended
      })
      return started
    }
    const registry = running('docker-registry', ['serve', lab.path('registry.yml')])
    await registry.says(/listening on/)
    await push(`http://127.0.0.1:${registryPort}`, 'team/app')
    const env = {
      ...process.env,
      DRAGONFLY_HOME: lab.path('home'),
      CONTAINERS_REGISTRIES_CONF: lab.path('root/etc/containers/registries.conf.d/zz-dragonfly.conf'),
      CONTAINERS_STORAGE_CONF: lab.path('storage.conf'),
    }
    await writeFile(
      lab.path('storage.conf'),
      `[storage]\ndriver = "vfs"\ngraphroot = "${lab.path('p')}"\nrunroot = "${lab.path('run')}"\n`,
    )
    const gateway = `127.0.0.1:${gatewayPort}`
    const listen = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-lan']
    await running(DF, ['daemon', 'start', ...listen, '--gateway', gateway], env).says(/gateway http/)
    const host = `127.0.0.1:${registryPort}`
    const where = ['--root', lab.path('root'), '--gateway', gateway, '--registry', host]
    const image = `${host}/team/app:v1`
    expect((await run(DF, ['gateway', 'setup', 'podman', '--write', ...where], { env })).code).to.equal(0)
    const checked = await run(DF, ['gateway', 'check', 'podman', '--image', image, ...where], { env })
    expect(checked.stdout).to.match(/podman pull \S+: the gateway was asked \d+ times for team\/app/)
    expect(checked.code).to.equal(0)
    await until(
      () => /GET \/v2\/team\/app\/blobs\/\S+ .*dragonfly/.test(registry.said.stdout + registry.said.stderr),
      'the gateway reads',
    )
    const again = await run(DF, ['gateway', 'check', '--image', image, 'docker', ...where.slice(0, 4)], {
      env: { ...env, PATH: `${lab.path('home')}:/usr/bin:/bin`, DOCKER_HOST: `unix://${lab.path('none')}` },
    })
    expect(again.stdout).to.match(/^MISSING docker: \S+daemon.json is not there/m)
    expect(again.code).to.equal(1)
  })
})
