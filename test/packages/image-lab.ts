// The container image, built with buildah from packaging/docker/Dockerfile and run by podman, in a store of its own.
// No registry is asked: the base image is the packages of Debian that the program needs, taken from this machine.
import { execFileSync, spawnSync } from 'node:child_process'
import { chmod, chown, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildOnce } from '../cli/built.ts'
import { type Ended, ROOT, type Running, run, start } from '../cli/processes.ts'

/** What gcr.io/distroless/cc-debian12 has of use to Node. */
const BASE_PACKAGES = ['libc6', 'libstdc++6', 'libgcc-s1']
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt'
/** The user of the image. */
export const UID = 65_532
/** As strict as an operator can be. The limits are those that a machine without CAP_SYS_RESOURCE can set. */
const STRICT =
  '--network host --read-only --read-only-tmpfs=false --cap-drop=all --security-opt no-new-privileges --ulimit nofile=1024:1024 --ulimit nproc=1000:1000'

/** Whether images can be built and run here; says so loudly when not. */
export function hasEngines(): boolean {
  const missing = ['buildah', 'podman', 'runc', 'dpkg'].filter(program => spawnSync(program, ['--version']).status !== 0)
  const isRoot = process.getuid?.() === 0
  if (missing.length > 0) console.warn(`SKIPPED: ${missing.join(', ')} not installed, so no container image is built`)
  else if (!isRoot) console.warn('SKIPPED: only root can build and run a container image here')
  return missing.length === 0 && isRoot
}

export class ImageLab {
  readonly dir: string
  readonly image = 'localhost/dragonfly-test'
  readonly #store: string[]

  private constructor(dir: string) {
    this.dir = dir
    this.#store = ['--root', this.path('store'), '--runroot', this.path('run'), '--storage-driver', 'overlay']
  }

  static async open(): Promise<ImageLab> {
    return new ImageLab(await mkdtemp(path.join(tmpdir(), 'df-image-')))
  }

  path(...parts: string[]): string {
    return path.join(this.dir, ...parts)
  }

  /** Builds the image: its last stage by buildah, its first stage by the commands that the Dockerfile runs there, except for npm ci. */
  async build(): Promise<void> {
    await buildOnce()
    await must(process.execPath, [path.join(ROOT, 'scripts', 'package-tree.ts'), this.path('stages', 'program')])
    await this.#base(this.path('base'))
    await writeFile(this.path('base.Dockerfile'), 'FROM scratch\nCOPY . /\n')
    const build = ['build', '--isolation', 'chroot', '--format', 'docker']
    await this.#buildah(...build, '-f', this.path('base.Dockerfile'), '-t', 'localhost/base-test', this.path('base'))
    const instead = ['--build-arg', 'BASE=localhost/base-test', '--build-context', `program=${this.path('stages')}`]
    const dockerfile = path.join(ROOT, 'packaging', 'docker', 'Dockerfile')
    // nothing is copied from the project itself in the last stage
    await mkdir(this.path('nothing'))
    await this.#buildah(...build, ...instead, '-f', dockerfile, '-t', this.image, this.path('nothing'))
  }

  /** Bytes of its layers, unpacked. */
  async size(): Promise<number> {
    const [found] = JSON.parse((await this.podman('image', 'inspect', this.image)).stdout) as [{ Size: number }]
    return found.Size
  }

  /** A folder that the image's user may write. */
  async volume(name: string): Promise<string> {
    await mkdir(this.path(name))
    await chown(this.path(name), UID, UID)
    return this.path(name)
  }

  /** Arguments of podman for a container with a read-only root, no rights, and these volumes (`folder:place`). */
  command(name: string, volumes: readonly string[], args: readonly string[]): string[] {
    const mounts = volumes.flatMap(volume => ['-v', volume])
    return ['run', '--rm', '--name', name, '--no-healthcheck', ...STRICT.split(' '), ...mounts, this.image, ...args]
  }

  async podman(...args: string[]): Promise<Ended> {
    return await run('podman', [...this.#engine(), ...args])
  }

  start(...args: string[]): Running {
    return start('podman', [...this.#engine(), ...args])
  }

  /** Removes containers, images and folder. */
  async close(): Promise<void> {
    await this.podman('rm', '-af', '-t', '5')
    await this.podman('rmi', '-af')
    spawnSync('umount', [this.path('store', 'overlay')])
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 })
  }

  async #buildah(...args: string[]): Promise<void> {
    await must('buildah', [...this.#store, ...args])
  }

  #engine(): string[] {
    return [...this.#store, '--cgroup-manager=cgroupfs', '--runtime', 'runc']
  }

  async #base(root: string): Promise<void> {
    const listed = execFileSync('dpkg', ['-L', ...BASE_PACKAGES], { encoding: 'utf8' }).split('\n')
    for (const file of listed.filter(name => /^(\/usr)?\/lib(64)?\/.*\.so/.test(name))) {
      const to = path.join(root, file.replace(/^\/usr/, '').replace(/^\/lib/, '/usr/lib'))
      await cp(file, to, { recursive: true, dereference: true })
    }
    for (const name of ['lib', 'lib64']) spawnSync('ln', ['-s', `usr/${name}`, path.join(root, name)])
    await mkdir(path.join(root, path.dirname(AUTHORITIES)), { recursive: true })
    await cp(AUTHORITIES, path.join(root, AUTHORITIES), { dereference: true }).catch(() => {})
    await writeFile(path.join(root, 'etc', 'passwd'), `nonroot:x:${UID}:${UID}:nonroot:/home/nonroot:/sbin/nologin\n`)
    await chmod(root, 0o755)
  }
}

async function must(command: string, args: string[]): Promise<void> {
  const { code, stdout, stderr } = await run(command, args, { cwd: ROOT })
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${code}\n${stdout}\n${stderr}`)
}
