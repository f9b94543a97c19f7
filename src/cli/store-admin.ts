// df ls, rm, gc, verify, pin, unpin, and the same below df seed: asks the daemon or seed of this home, or opens its store when none runs.
import path from 'node:path'
import type { ContentStatus } from '../index.ts'
import { describe, type Failure, failureLine } from './errors.ts'
import { OK } from './exit-codes.ts'
import { jsonLine } from './json-lines.ts'
import { contentLines, removedText, statusLines } from './seed-render.ts'
import { type Keeper, runningHere, type StoreFlags } from './store-keeper.ts'
import { tellFailure } from './tell-failure.ts'
import { withoutUser } from './url-list.ts'

export type StoreCommand =
  | { do: 'status' | 'ls' | 'gc'; what?: undefined }
  | { do: 'rm' | 'pin' | 'unpin' | 'verify'; what: readonly string[] }

/** As a seed that is told nothing has it. */
export const DEFAULT_QUOTA = { share: 0.8 }

/** Resolves to the exit code; whatever went wrong was told. */
export async function administrate(command: StoreCommand, flags: StoreFlags, name: string): Promise<number> {
  try {
    return await perform(command, flags, name)
  } catch (error) {
    return tellFailure(error, flags, name)
  }
}

async function perform(command: StoreCommand, flags: StoreFlags, name: string): Promise<number> {
  const json = flags.json === true
  if (command.do === 'status') {
    await showStatus(json)
    return OK
  }
  if (command.do === 'verify') return await (await import('./verify.ts')).verify(command.what, flags, name)
  await using keeper = await findKeeper(flags)
  const { store } = keeper
  switch (command.do) {
    case 'ls':
      showContents(await store.contents(), json)
      return OK
    case 'gc': {
      const gone = await store.gc()
      print(json ? jsonLine('collected', gone) : `${removedText(gone, gone.broken)}\n`)
      return OK
    }
    case 'rm':
      return await each(command.what, json, name, async (given, asked) => {
        const gone = await store.remove(given)
        print(json ? jsonLine('removed', { asked, ...gone }) : `${removedText(gone)}\n`)
      })
    case 'pin':
    case 'unpin': {
      const isPinned = command.do === 'pin'
      const done = isPinned ? 'pinned' : 'unpinned'
      return await each(command.what, json, name, async (given, asked) => {
        const id = await store.pin(given, isPinned)
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

/** A folder that was named is another one than the daemon's, as far as we know. */
async function findKeeper({ store, quota }: StoreFlags): Promise<Keeper> {
  const running = store === undefined ? await runningHere() : undefined
  if (running !== undefined) return { store: running.administration, [Symbol.asyncDispose]: () => running.stop() }
  const { dragonflyHome, openAdministration } = await import('../index.ts')
  const folder = store === undefined ? undefined : path.resolve(store)
  const open = await openAdministration(dragonflyHome(), { store: folder, quota: quota ?? DEFAULT_QUOTA })
  return { store: open.administration, [Symbol.asyncDispose]: () => open.close() }
}

async function showStatus(json: boolean): Promise<void> {
  const running = await runningHere()
  if (running === undefined) {
    const { DragonflyError, dragonflyHome } = await import('../client/index.ts')
    throw new DragonflyError('no-source', `no seed is running here (${dragonflyHome()})`, {
      hint: 'start one with df seed start, or name its home with DRAGONFLY_HOME',
    })
  }
  await using seed = running
  const { MAX_CONTENTS } = await import('../client/index.ts')
  const status = await seed.status(MAX_CONTENTS)
  print(json ? jsonLine('status', { ...status }) : `${statusLines(status).join('\n')}\n`)
}

function showContents(contents: readonly ContentStatus[], json: boolean): void {
  if (json) for (const content of contents) print(jsonLine('content', { ...content }))
  else for (const line of contentLines(contents)) print(`${line}\n`)
}
