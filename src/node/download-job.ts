// What every download has: what was asked for, its account of time, where its file goes, its errors in our words.
import { stat } from 'node:fs/promises'
import { parseDigest } from '../core/digest.ts'
import { abortError, DragonflyError } from '../core/errors.ts'
import { fileNameFromUrl, NAMELESS } from '../core/file-name.ts'
import { isSharedUrl, parseSharedUrl } from '../core/shared-url.ts'
import { makeTask, type Task, withoutSecrets } from '../core/task.ts'
import { isResumable, validatorsOf } from '../core/version.ts'
import type { OutputWish } from '../store/output-place.ts'
import { Timeline } from './account/timeline.ts'
import type { TraceFile } from './account/trace-file.ts'
import type { Explanation } from './api/explanation.ts'
import type { GetOptions } from './api/get-options.ts'
import { now } from './context/node-context.ts'
import type { PaceTerms } from './context/pacing.ts'
import type { ActiveTask } from './session/active-task.ts'

export interface Job {
  url: string
  task: Task
  wanted: Uint8Array | undefined
  options: GetOptions
  begun: number
  trace: TraceFile | undefined
  /** Whether there seems to be an older version where its output goes. */
  replaces: boolean
}

export function makeJob(url: string, options: GetOptions): Job {
  const { digest } = options
  const wanted = digest === undefined ? undefined : parseDigest(digest)
  return { url, task: taskOf(url, options), wanted, options, begun: now(), trace: undefined, replaces: false }
}

type Named = Pick<GetOptions, 'headers' | 'filter' | 'tag' | 'digest' | 'byDigest' | 'anonymous' | 'scope' | 'renew'>

/** The task that a URL and these options name. Throws `bad-…`. */
export function taskOf(url: string, options: Named): Task {
  const { headers, filter, tag, digest, byDigest, anonymous, scope, renew } = options
  if (byDigest === true && digest === undefined) throw new DragonflyError('bad-option', 'byDigest needs a digest')
  return makeTask({
    url,
    scope,
    renew,
    ...(byDigest === true && { digest: parseDigest(digest as string), anonymous }),
    ...(headers === undefined ? {} : { headers }),
    ...(filter === undefined ? {} : { filter }),
    ...(tag === undefined ? {} : { tag }),
  })
}

/** What these options say of its rate. */
export function paceOf({ limit, priority }: GetOptions): PaceTerms {
  return { limit, priority }
}

/** Keeps account of an active task's time until it is told to stop. */
export function watchTime(active: ActiveTask, begun: number): { account(at: number): Explanation; stop(): void } {
  const timeline = new Timeline(begun, active.counts)
  const before = performance.eventLoopUtilization()
  active.observers.add(timeline)
  const account = (at: number) => {
    const { utilization } = performance.eventLoopUtilization(before)
    return timeline.explain(at, { unreachable: active.links.unreachable.size, busy: utilization })
  }
  return { account, stop: () => active.observers.delete(timeline) }
}

/** The URL as it was asked for, less what opens doors: filtered parameters may be signatures. */
export function shown(url: string, filter: readonly string[] = []): string {
  const parsed = new URL(url)
  for (const name of filter) if (parsed.searchParams.has(name)) parsed.searchParams.delete(name)
  parsed.username = ''
  parsed.password = ''
  return parsed.href
}

/** What its file is called: as the origin says (empty: it does not), else as the URL does. */
export function nameOf(suggested: string | undefined, url: string): string {
  if (isSharedUrl(url)) return parseSharedUrl(url).name || suggested || parseSharedUrl(url).root
  return suggested || fileNameFromUrl(url) || NAMELESS
}

/** Where its file is to go. `suggested`: what the origin calls it. */
export function wishOf(
  { url, options }: Job,
  place: { folder: string; name: string | undefined },
  suggested?: string,
): OutputWish {
  const { nameFile, replace } = options
  return { ...place, fileName: nameOf(suggested, url), nameFile, url, replace }
}

/** Last-Modified as the origin told this node, or as the version's name has it; undefined when nobody told. */
export function lastModifiedOf({ originFreshness, manifest }: ActiveTask): string | undefined {
  const text = originFreshness.lastModified ?? validatorsOf(manifest?.info.version ?? '').lastModified
  const at = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? undefined : new Date(at).toUTCString()
}

/** Whether anybody can go on with it, now or later: half of a version that cannot be asked for again is only in the way. */
export function isOfUse({ manifest, isComplete, trust }: ActiveTask): boolean {
  return isComplete || trust !== 'origin' || manifest === undefined || isResumable(manifest.info.version)
}

export async function deviceOf(path: string): Promise<number | undefined> {
  return await stat(path).then(
    s => s.dev,
    () => undefined,
  )
}

/** `goesOn`: what is here serves the next try. */
export function asOurs(error: unknown, job: Job, goesOn = false): unknown {
  const { signal } = job.options
  if (goesOn && signal?.aborted === true) return withHint(abortError(signal))
  if (error instanceof DragonflyError) return error
  if (signal?.aborted === true) return abortError(signal)
  const message = error instanceof Error ? error.message : String(error)
  return new DragonflyError('internal', `${message} (while getting ${withoutSecrets(job.url)})`, { cause: error })
}

function withHint({ code, message, cause, hint }: DragonflyError): DragonflyError {
  return new DragonflyError(code, message, { cause, hint: hint ?? 'the same command continues where this one stopped' })
}
