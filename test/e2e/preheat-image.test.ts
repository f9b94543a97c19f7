// df preheat --image: a real registry, a real seed and the program itself.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { type Image, INDEX, missingPrograms, RegistryLab } from '../gateway/auth/registry-lab.ts'
import { TokenServer } from '../gateway/auth/token-server.ts'
import { Lab } from './lab.ts'

const missing = missingPrograms()

describe('df preheat --image', () => {
  if (missing.length > 0) {
    it(`SKIPPED: ${missing.join(', ')} not installed`, function () {
      this.skip()
    })
    return
  }

  let lab: Lab
  let registries: RegistryLab
  let server: TokenServer
  let image: Image
  let host: string
  /** Blobs that the registry has sent, in bytes. */
  let sent: number
  beforeEach(async () => {
    lab = await Lab.open()
    registries = await RegistryLab.open()
    server = await TokenServer.open(registries.dir)
    image = await registries.image('team/app', 'v1', 300_000, 1_500_000)
    sent = 0
    const onLine = (line: string) => {
      if (!/http\.request\.method=GET/.test(line) || !/response completed/.test(line) || !/\/blobs\/sha256/.test(line)) return
      sent += Number(/http\.response\.written=(\d+)/.exec(line)?.[1] ?? 0)
    }
    host = new URL(await registries.registry(server.config, onLine)).host
  })
  afterEach(async () => {
    await lab?.close()
    await server?.close()
    await registries?.close()
  })

  async function dockerConfig(password: string): Promise<NodeJS.ProcessEnv> {
    const folder = path.join(registries.dir, `docker-${password}`)
    await mkdir(folder)
    await writeFile(
      path.join(folder, 'config.json'),
      JSON.stringify({ auths: { [host]: { auth: Buffer.from(`alice:${password}`).toString('base64') } } }),
    )
    return { DOCKER_CONFIG: folder, REGISTRY_AUTH_FILE: '', XDG_RUNTIME_DIR: '', XDG_CONFIG_HOME: registries.dir }
  }

  it('config and layers come into the seed once, by one token, with the login of docker', async () => {
    const seed = await lab.seed()
    const env = await dockerConfig('s3cret')
    const preheat = () =>
      lab.df(['preheat', '--image', `${host}/team/app:v1`, '--seed', seed.address, '--json'], undefined, env).ended
    const first = await preheat()
    expect(first.code, first.stderr + first.stdout).to.equal(0)
    expect(first.lines.at(-1)).to.include({ type: 'done', preheated: 3, alreadyThere: 0, failed: 0, bytes: image.size })
    const urls = first.lines.filter(({ type }) => type === 'preheated').map(({ url }) => url)
    expect(urls).to.have.members(
      [image.config, ...image.layers].map(({ digest }) => `http://${host}/v2/team/app/blobs/${digest}`),
    )
    expect(server.seen).to.have.length(1)
    // what is private is checked with one byte each
    expect(sent).to.be.within(image.size, image.size + 3)
    const before = sent
    const again = await preheat()
    expect(again.lines.at(-1)).to.include({ type: 'done', preheated: 3, alreadyThere: 3, failed: 0, bytes: image.size })
    expect(sent - before).to.be.at.most(3)
    expect(`${first.stdout}${first.stderr}`).to.not.include('s3cret')
  })

  it('of an index the platform that was asked for; a wrong login and a missing image are failures of theirs', async () => {
    const seed = await lab.seed()
    const other = await registries.image('team/app', 'other', 400_000)
    const manifests = [
      { ...entry(image), platform: { os: 'linux', architecture: 'amd64' } },
      { ...entry(other), platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    ]
    await registries.manifest('team/app', 'multi', INDEX, { schemaVersion: 2, mediaType: INDEX, manifests })
    const env = await dockerConfig('s3cret')
    const preheat = (name: string, ...more: string[]) =>
      lab.df(['preheat', '--image', `${host}/${name}`, '--seed', seed.address, '--json', ...more], undefined, env).ended
    const arm = await preheat('team/app:multi', '--platform', 'linux/arm64')
    expect(arm.lines.at(-1), arm.stdout.toString()).to.include({ preheated: 2, bytes: other.size })
    const none = await preheat('team/app:multi', '--platform', 'linux/s390x')
    expect(none.code).to.equal(3)
    expect(none.lines.find(({ type }) => type === 'failed')?.hint).to.include('linux/amd64, linux/arm64/v8')
    expect((await preheat('team/absent:v1')).code).to.equal(3)
    expect((await preheat('team/app:v1', '--platform', 'nonsense')).code).to.equal(2)
    const wrong = await lab.df(
      ['preheat', '--image', `${host}/team/app:v1`, '--seed', seed.address],
      undefined,
      await dockerConfig('wr0ng'),
    ).ended
    expect(wrong.code).to.equal(3)
    expect(wrong.stderr).to.include('docker login').and.not.include('wr0ng')
  })

  function entry({ digest }: Image): object {
    return { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 }
  }
})
