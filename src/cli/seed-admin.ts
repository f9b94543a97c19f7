// df seed status, ls, rm, gc, pin, unpin: asks the running seed, or opens its store when no seed runs.
import path from 'node:path'
import type { ContentStatus, DaemonStatus, Removed, StoreAdmin } from '../index.ts'
import { describe, type Failure, failureLine } from './errors.ts'
import { OK } from './exit-codes.ts'
import { errorLine, jsonLine } from './json-lines.ts'
import { contentLines, removedText, statusLines } from './seed-render.ts'
import { withoutUser } from './url-list.ts'

/** Flags of these commands as commander leaves them; each command has those that it can use. */
export interface SeedAdminFlags {
  json?: true
  store?: string
  quota?: number | { share: number }
}

export type SeedAdminCommand =
  | { do: 'status' | 'ls' | 'gc'; what?: undefined }
  | { do: 'rm' | 'pin' | 'unpin'; what: readonly string[] }

/** Contents in one answer: as many as the API gives. */
export const MAX_CONTENTS = 10_000

/** Resolves to the exit code; whatever went wrong was told. */
export async function administrate(command: SeedAdminCommand, flags: SeedAdminFlags, name: string): Promise<number> {
  try {
    return await perform(command, flags, name)
  } catch (error) {
    if (process.env.DEBUG) console.error(error)
    const failure = describe(error)
    if (flags.json === true) print(errorLine(failure))
    else process.stderr.write(`${failureLine(name, failure)}\n`)
    return failure.exitCode
  }
}

async function perform(command: SeedAdminCommand, flags: SeedAdminFlags, name: string): Promise<number> {
  const json = flags.json === true
  if (command.do === 'status') {
    showStatus(await statusOf(), json)
    return OK
  }
  await using keeper = await findKeeper(flags)
  switch (command.do) {
    case 'ls':
      showContents(await keeper.contents(), json)
      return OK
    case 'gc': {
      const gone = await keeper.gc()
      print(json ? jsonLine('collected', gone) : `${removedText(gone, gone.broken)}\n`)
      return OK
    }
    case 'rm':
      return await each(command.what, json, name, async (given, asked) => {
        const gone = await keeper.remove(given)
        print(json ? jsonLine('removed', { asked, ...gone }) : `${removedText(gone)}\n`)
      })
    case 'pin':
    case 'unpin': {
      const isPinned = command.do === 'pin'
      const done = isPinned ? 'pinned' : 'unpinned'
      return await each(command.what, json, name, async (given, asked) => {
        const id = await keeper.pin(given, isPinned)
        print(json ? jsonLine(done, { asked, id }) : `${done} ${id}\n`)
      })
    }
  }
}

/** Does `work` for each, whether others fail or not. Resolves to the exit code of the first that failed. */
async function each(
  what: readonly string[],
  json: boolean,
  name: string,
  work: (given: string, asked: string) => Promise<void>,
): Promise<number> {
  let first: Failure | undefined
  for (const given of what) {
    const asked = withoutUser(given) ?? given
    try {
      await work(given, asked)
    } catch (error) {
      const failure = describe(error)
      const { code, message, hint } = failure
      if (json) print(jsonLine('seedFailed', { asked, code, message, hint }))
      else process.stderr.write(`${failureLine(name, failure)}\n`)
      first ??= failure
    }
  }
  return first?.exitCode ?? OK
}

function print(text: string): void {
  process.stdout.write(text)
}

async function statusOf(): Promise<DaemonStatus> {
  const { controlPath, DragonflyError, dragonflyHome } = await import('../index.ts')
  const { askSeed } = await import('./control-client.ts')
  const home = dragonflyHome()
  const status = await askSeed(controlPath(home), 'GET', `/v1/status?limit=${MAX_CONTENTS}`)
  if (status !== undefined) return status as DaemonStatus
  throw new DragonflyError('no-source', `no seed is running here (${home})`, {
    hint: 'start one with df seed start, or name its home with DRAGONFLY_HOME',
  })
}

/** Whoever looks after what is kept: the seed, or we ourselves. */
interface Keeper extends AsyncDisposable {
  contents(): Promise<readonly ContentStatus[]>
  remove(idOrUrl: string): Promise<Removed>
  gc(): Promise<Removed & { broken: number }>
  pin(idOrUrl: string, isPinned: boolean): Promise<string>
}

/** A folder that was named is another one than the seed's, as far as we know. */
async function findKeeper({ store, quota }: SeedAdminFlags): Promise<Keeper> {
  const { controlPath, dragonflyHome, openAdministration } = await import('../index.ts')
  const { askSeed } = await import('./control-client.ts')
  const home = dragonflyHome()
  const socket = controlPath(home)
  if (store === undefined && (await askSeed(socket, 'GET', '/v1/contents?limit=0')) !== undefined) return await keptBySeed(socket)
  const folder = store === undefined ? undefined : path.resolve(store)
  const open = await openAdministration(home, { store: folder, quota: quota ?? DEFAULT_QUOTA })
  return keptHere(open.administration, () => open.close())
}

/** As a seed that is told nothing has it. */
export const DEFAULT_QUOTA = { share: 0.8 }

async function keptBySeed(socket: string): Promise<Keeper> {
  const { askSeed, contentPath } = await import('./control-client.ts')
  return {
    contents: async () => {
      const { contents } = (await askSeed(socket, 'GET', `/v1/contents?limit=${MAX_CONTENTS}`)) as { contents: ContentStatus[] }
      return contents
    },
    remove: async id => (await askSeed(socket, 'DELETE', contentPath(id))) as Removed,
    gc: async () => (await askSeed(socket, 'POST', '/v1/gc')) as Removed & { broken: number },
    pin: async (given, isPinned) => {
      const answer = await askSeed(socket, isPinned ? 'PUT' : 'DELETE', `${contentPath(given)}/pin`)
      return (answer as { id: string }).id
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

function keptHere(administration: StoreAdmin, close: () => Promise<void>): Keeper {
  return {
    contents: () => administration.contents(),
    remove: id => administration.remove(id),
    gc: () => administration.gc(),
    pin: (id, isPinned) => administration.pin(id, isPinned),
    [Symbol.asyncDispose]: close,
  }
}

function showStatus(status: DaemonStatus, json: boolean): void {
  print(json ? jsonLine('status', { ...status }) : `${statusLines(status).join('\n')}\n`)
}

function showContents(contents: readonly ContentStatus[], json: boolean): void {
  if (json) for (const content of contents) print(jsonLine('content', { ...content }))
  else for (const line of contentLines(contents)) print(`${line}\n`)
}
