// Limits the CPU time of one process by a control group of its own.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const PERIOD_US = 100_000

/** Gives a process so many percent of a core, by a control group of its own (v1 or v2, as root). */
export class CpuQuota {
  readonly #folder: string
  readonly #parent: string
  readonly #pid: number

  constructor(pid: number, percent: number) {
    const isOld = existsSync('/sys/fs/cgroup/cpu/cpu.cfs_quota_us')
    this.#parent = isOld ? '/sys/fs/cgroup/cpu' : '/sys/fs/cgroup'
    this.#folder = path.join(this.#parent, `dragonfly-crowd-${pid}`)
    this.#pid = pid
    const quota = Math.round((PERIOD_US * percent) / 100)
    mkdirSync(this.#folder)
    if (isOld) {
      writeFileSync(path.join(this.#folder, 'cpu.cfs_period_us'), String(PERIOD_US))
      writeFileSync(path.join(this.#folder, 'cpu.cfs_quota_us'), String(quota))
    } else writeFileSync(path.join(this.#folder, 'cpu.max'), `${quota} ${PERIOD_US}`)
    appendFileSync(path.join(this.#folder, 'cgroup.procs'), String(pid))
  }

  /** The process is as free as before. */
  end(): void {
    if (existsSync(`/proc/${this.#pid}`)) appendFileSync(path.join(this.#parent, 'cgroup.procs'), String(this.#pid))
    if (readFileSync(path.join(this.#folder, 'cgroup.procs'), 'utf8').trim() === '') rmdirSync(this.#folder)
  }
}
