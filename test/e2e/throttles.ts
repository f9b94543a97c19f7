// Makes real hosts slow: a share of a core and a slow disk by control groups (v1 or v2), a slow line by tc. Everything here needs root on Linux.
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, rmdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Lab } from './lab.ts'

const GROUPS = '/sys/fs/cgroup'
const PERIOD_US = 100_000
const IS_OLD = existsSync(`${GROUPS}/cpu/cpu.cfs_quota_us`)

/** Whether control groups, loop devices and tc are at hand; says so loudly when not. */
export function hasThrottles(): boolean {
  const works = (command: string, ...args: string[]) => spawnSync(command, args).status === 0
  const isHere = hasGroups() && works('losetup', '--find') && works('mkfs.ext4', '-V') && works('tc', '-V')
  if (!isHere)
    console.warn('SKIPPED: slow disks, lines and processors need root, control groups, a loop device, mkfs.ext4 and tc')
  return isHere
}

function hasGroups(): boolean {
  try {
    new Throttle('cpu', 'probe').end()
    new Throttle('blkio', 'probe').end()
    return true
  } catch {
    return false
  }
}

/** A control group with one limit. */
class Throttle {
  readonly #parent: string
  readonly #folder: string

  constructor(kind: 'cpu' | 'blkio', name: string) {
    this.#parent = IS_OLD ? path.join(GROUPS, kind) : GROUPS
    this.#folder = path.join(this.#parent, `dragonfly-${process.pid}-${kind}-${name}`)
    mkdirSync(this.#folder)
    if (!existsSync(path.join(this.#folder, IS_OLD ? LIMITS[kind].old : LIMITS[kind].new))) {
      this.end()
      throw new Error(`no limits of ${kind} here`)
    }
  }

  set(file: string, text: string): void {
    writeFileSync(path.join(this.#folder, file), text)
  }

  hold(pid: number): void {
    appendFileSync(path.join(this.#folder, 'cgroup.procs'), String(pid))
  }

  /** Once its processes have ended. */
  end(): void {
    rmdirSync(this.#folder)
  }
}

const LIMITS = {
  cpu: { old: 'cpu.cfs_quota_us', new: 'cpu.max' },
  blkio: { old: 'blkio.throttle.write_bps_device', new: 'io.max' },
}

export class SlowThings {
  readonly #throttles: Throttle[] = []
  readonly #disks: { folder: string; device: string }[] = []

  /** A process, from now on, gets so many percent of one core. */
  processor(pid: number, percent: number): void {
    const throttle = this.#held('cpu', pid)
    const quota = Math.round((PERIOD_US * percent) / 100)
    throttle.set(LIMITS.cpu[IS_OLD ? 'old' : 'new'], IS_OLD ? String(quota) : `${quota} ${PERIOD_US}`)
  }

  /** A folder of the lab becomes a disk of its own that waits for every write. */
  async disk(lab: Lab, name: string, bytes: number): Promise<void> {
    const image = lab.path(`${name}.img`)
    const folder = await lab.folder(name)
    writeFileSync(image, '')
    truncateSync(image, bytes)
    run('mkfs.ext4', '-q', image)
    const device = run('losetup', '--find', '--show', image).trim()
    this.#disks.push({ folder, device })
    run('mount', '-o', 'sync', device, folder)
  }

  /** A process, from now on, writes so many bytes a second to the disk of this folder. */
  writes(pid: number, folder: string, rate: number): void {
    const { device } = this.#disks.find(disk => disk.folder === folder) as { device: string }
    const { rdev } = statSync(device)
    const [major, minor] = [(rdev >> 8) & 0xfff, (rdev & 0xff) | ((rdev >> 12) & 0xfff00)]
    const throttle = this.#held('blkio', pid)
    throttle.set(LIMITS.blkio[IS_OLD ? 'old' : 'new'], `${major}:${minor} ${IS_OLD ? '' : 'wbps='}${rate}`)
  }

  /** What a network namespace sends through this device, from now on: bits a second, as tc writes them. */
  line(namespace: string, device: string, rate: string): void {
    const shape = ['root', 'tbf', 'rate', rate, 'burst', '64kb', 'latency', '100ms']
    run('ip', 'netns', 'exec', namespace, 'tc', 'qdisc', 'add', 'dev', device, ...shape)
  }

  /** Once the processes have ended. */
  end(): void {
    for (const { folder, device } of this.#disks) {
      spawnSync('umount', [folder])
      spawnSync('losetup', ['--detach', device])
    }
    for (const throttle of this.#throttles) throttle.end()
  }

  #held(kind: 'cpu' | 'blkio', pid: number): Throttle {
    const throttle = new Throttle(kind, String(pid))
    this.#throttles.push(throttle)
    throttle.hold(pid)
    return throttle
  }
}

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}
