// One folder that is watched, and shared anew after each change, until it is stopped.
import { setTimeout as pause } from 'node:timers/promises'
import { raceSignal } from 'race-signal'
import { namedShareUrl } from '../../core/named-share.ts'
import type { ActiveShare, SharedContent, ShareOptions } from '../api/shared-content.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import { type FolderVersion, FolderVersions, type Refreshed } from './folder-versions.ts'
import { FolderWatch } from './folder-watch.ts'
import { Quiet, type QuietTimes } from './quiet.ts'
import type { SharedContents } from './shared-contents.ts'
import type { LeftOut } from './walk-watched.ts'

export interface FollowTimes extends QuietTimes {
  /** It is looked through although no change was heard of, ms. */
  rescan: number
  /** Where files change while they are read, ms. */
  unsettled: number
}

export const FOLLOW_TIMES: FollowTimes = { quiet: 1000, most: 10_000, rescan: 60_000, unsettled: 5000 }

/** After looking through it, so many times as long is rested, unless a change is heard of. */
const RESTS = 20

export class FollowedFolder {
  readonly path: string
  readonly name: string
  readonly #ctx: NodeContext
  readonly #versions: FolderVersions
  readonly #times: FollowTimes
  readonly #quiet: Quiet
  readonly #watch: FolderWatch
  readonly #stopping = new AbortController()
  readonly #first = Promise.withResolvers<FolderVersion>()
  #following: Promise<void> = Promise.resolve()
  #leftOut = ''
  #trouble = ''

  /** `path`: without links. */
  constructor(
    ctx: NodeContext,
    contents: SharedContents,
    { path, name }: { path: string; name: string },
    times: FollowTimes = FOLLOW_TIMES,
  ) {
    this.path = path
    this.name = name
    this.#ctx = ctx
    this.#versions = new FolderVersions(contents, path, name)
    this.#times = times
    this.#quiet = new Quiet(times)
    this.#watch = new FolderWatch(path, this.#quiet.changed)
    this.#first.promise.catch(() => {})
  }

  /** Shares it for the first time, and follows it from then on. Rejects as `share` does; it is not followed then. */
  async begin({ signal, onProgress }: ShareOptions): Promise<SharedContent> {
    const either = AbortSignal.any([this.#stopping.signal, ...(signal ? [signal] : [])])
    try {
      const refreshed = await this.#versions.refresh(either, onProgress)
      this.#tell(refreshed)
      this.#first.resolve(refreshed.version)
      this.#following = this.#follow(refreshed.isSettled)
      return refreshed.version.shared
    } catch (error) {
      this.#first.reject(error)
      await this.stop(false)
      throw error
    }
  }

  /** The newest version, once there is one. */
  readonly newest = async (signal: AbortSignal): Promise<FolderVersion> =>
    this.#versions.current ?? (await raceSignal(this.#first.promise, signal))

  /** Undefined while it is read for the first time. */
  get active(): ActiveShare | undefined {
    const { shared } = this.#versions.current ?? {}
    if (shared === undefined) return undefined
    const { url, bytes, files } = shared
    return { path: this.path, url, bytes, files, isWatched: true, latest: namedShareUrl(this.name) }
  }

  /** `keepsStored`: the node ends, and may share it again. */
  async stop(keepsStored: boolean): Promise<void> {
    this.#stopping.abort()
    this.#watch.close()
    await this.#following
    await this.#versions.close(keepsStored)
  }

  async #follow(isSettled: boolean): Promise<void> {
    const { signal } = this.#stopping
    let took = 0
    while (!signal.aborted) {
      const { rescan, unsettled } = this.#times
      const rest = Math.max(isSettled ? rescan : unsettled, took * RESTS)
      // one with very many files is not looked through all the time, however often it changes
      await pause(took, undefined, { signal }).catch(() => {})
      const hasChanged = await this.#quiet.next(rest, signal)
      if (signal.aborted) return
      const begun = now()
      isSettled = await this.#refresh(!hasChanged && isSettled)
      took = now() - begun
    }
  }

  /** Resolves to whether it can rest. `isThorough`: what the store has lost is noticed. */
  async #refresh(isThorough: boolean): Promise<boolean> {
    const { signal } = this.#stopping
    try {
      if (isThorough) await this.#versions.forgetLost()
      const refreshed = await this.#versions.refresh(signal)
      this.#tell(refreshed)
      return refreshed.isSettled
    } catch (error) {
      if (signal.aborted) return true
      const reason = error instanceof Error ? error.message : String(error)
      if (this.#trouble !== reason) this.#ctx.emit({ code: 'folder-not-shared', path: this.path, reason })
      this.#trouble = reason
      return true
    }
  }

  #tell({ version: { shared }, isNew, walked: { all, leftOut } }: Refreshed): void {
    // what happened in a folder before it was watched was not heard
    if (this.#watch.follow(all)) this.#quiet.changed()
    const { path, name } = this
    this.#trouble = ''
    if (isNew) this.#ctx.emit({ code: 'folder-shared', path, name, url: shared.url, files: shared.files, bytes: shared.bytes })
    this.#tellLeftOut(leftOut)
  }

  #tellLeftOut(leftOut: readonly LeftOut[]): void {
    const [first] = leftOut
    const seen = first === undefined ? '' : JSON.stringify([leftOut.length, first])
    if (first !== undefined && seen !== this.#leftOut)
      this.#ctx.emit({ code: 'folder-left-out', path: this.path, count: leftOut.length, file: first.path, reason: first.why })
    this.#leftOut = seen
  }
}
