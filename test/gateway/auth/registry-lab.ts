// A real docker-registry over one store, as often as a test needs it (open, with htpasswd, with a token server), and images in it.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { freePort } from '../../e2e/lab.ts'

export function missingPrograms(): string[] {
  return ['docker-registry', 'htpasswd', 'openssl'].filter(program => !isInstalled(program))
}

export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0
}

export interface Blob {
  digest: string
  bytes: Buffer
}

export interface Image {
  digest: string
  layers: Blob[]
  config: Blob
  /** Of config and layers. */
  size: number
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const INDEX = 'application/vnd.oci.image.index.v1+json'

export class RegistryLab {
  readonly dir: string
  readonly #children: ChildProcess[] = []
  #open: string | undefined

  private constructor(dir: string) {
    this.dir = dir
  }

  static async open(): Promise<RegistryLab> {
    return new RegistryLab(await mkdtemp(path.join(os.tmpdir(), 'df-registry-')))
  }

  async close(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    }
    await rm(this.dir, { recursive: true, force: true })
  }

  /** Its URL. `auth`: more of its configuration; `onLine`: what it logs; `tls`: its certificate and key, NAME.pem and NAME.key. */
  async registry(auth = '', onLine: (line: string) => void = () => {}, tls?: string): Promise<string> {
    const port = await freePort()
    const file = path.join(this.dir, `${port}.yml`)
    const config = `version: 0.1
log: {level: info}
storage: {cache: {blobdescriptor: inmemory}, filesystem: {rootdirectory: ${this.dir}/store}}
http: {addr: '127.0.0.1:${port}'${tls === undefined ? '' : `, tls: {certificate: ${tls}.pem, key: ${tls}.key}`}}
${auth}`
    await writeFile(file, config)
    const child = spawn('docker-registry', ['serve', file], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#children.push(child)
    let all = ''
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    child.once('exit', () => reject(new Error(`docker-registry has ended: ${all.slice(0, 2000)}`)))
    child.once('error', reject)
    for (const out of [child.stdout, child.stderr]) {
      out.setEncoding('utf8')
      let rest = ''
      out.on('data', (text: string) => {
        if (all.length < 10_000) all += text
        if (/listening on/.test(all)) resolve()
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        lines.forEach(onLine)
      })
    }
    await promise
    return `http${tls === undefined ? '' : 's'}://127.0.0.1:${port}`
  }

  async htpasswd(): Promise<string> {
    const file = path.join(this.dir, 'htpasswd')
    await writeFile(file, execFileSync('htpasswd', ['-Bbn', '-C', '4', 'alice', 's3cret']))
    return `auth:\n  htpasswd: {realm: basic-realm, path: ${file}}\n`
  }

  /** Layers of so many bytes, pushed through an open registry over the same store. */
  async image(repository: string, tag: string, ...sizes: number[]): Promise<Image> {
    const layers = await Promise.all(sizes.map(size => this.blob(repository, randomBytes(size))))
    const config = await this.blob(
      repository,
      Buffer.from(
        JSON.stringify({
          architecture: 'amd64',
          os: 'linux',
          nonce: randomBytes(8).toString('hex'),
          rootfs: { type: 'layers', diff_ids: [] },
        }),
      ),
    )
    const type = (kind: string, { digest, bytes }: Blob) => ({
      mediaType: `application/vnd.oci.image.${kind}`,
      digest,
      size: bytes.length,
    })
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: type('config.v1+json', config),
      layers: layers.map(layer => type('layer.v1.tar+gzip', layer)),
    }
    const digest = await this.manifest(repository, tag, MANIFEST, manifest)
    return { digest, layers, config, size: [config, ...layers].reduce((sum, { bytes }) => sum + bytes.length, 0) }
  }

  async manifest(repository: string, tag: string, type: string, manifest: unknown): Promise<string> {
    const body = JSON.stringify(manifest)
    const url = `${await this.#openOne()}/v2/${repository}/manifests/${tag}`
    const answer = await fetch(url, { method: 'PUT', headers: { 'content-type': type }, body })
    if (answer.status !== 201) throw new Error(`manifest not taken: ${answer.status} ${await answer.text()}`)
    return digestOf(Buffer.from(body))
  }

  async blob(repository: string, bytes: Buffer): Promise<Blob> {
    const begun = await fetch(`${await this.#openOne()}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
    const place = new URL(begun.headers.get('location') ?? '', begun.url)
    const digest = digestOf(bytes)
    place.searchParams.set('digest', digest)
    const answer = await fetch(place, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(bytes),
    })
    if (answer.status !== 201) throw new Error(`blob not taken: ${answer.status} ${await answer.text()}`)
    return { digest, bytes }
  }

  async #openOne(): Promise<string> {
    this.#open ??= await this.registry()
    return this.#open
  }
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
