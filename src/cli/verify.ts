// df verify: reads what is stored again, hashes it, and has what is broken fetched again.
import path from 'node:path'
import type { VerifiedContent, VerifyLine, VerifyProgress, VerifySummary } from '../index.ts'
import { readSettings } from './config.ts'
import { printable } from './errors.ts'
import { OK, WRONG_CONTENT } from './exit-codes.ts'
import { bytes, count, percent } from './figures.ts'
import { Interrupt } from './interrupt.ts'
import { jsonLine } from './json-lines.ts'
import { originLimitsOf } from './origin-limits.ts'
import { ProgressLine } from './progress-line.ts'
import { type Keeper, runningHere, type StoreFlags } from './store-keeper.ts'
import { tellFailure } from './tell-failure.ts'

/** Resolves to the exit code. Rejects with the library's error. */
export async function verify(what: readonly string[], flags: StoreFlags, name: string): Promise<number> {
  using interrupt = new Interrupt()
  const { signal } = interrupt
  try {
    await using keeper = await findVerifier(flags)
    let isBroken = false
    const show = flags.json === true ? showJson : showText(name)
    for await (const line of keeper.store.verify(what.length === 0 ? undefined : what, signal)) {
      if (line.type === 'done') isBroken = line.broken > 0
      show(line)
    }
    return isBroken ? WRONG_CONTENT : OK
  } catch (error) {
    if (!signal.aborted) throw error
    const { DragonflyError } = await import('../client/index.ts')
    const stopped = new DragonflyError('aborted', 'stopped; what was repaired stays so')
    tellFailure(stopped, flags, name)
    return interrupt.exitCode ?? OK
  }
}

/** The daemon or seed of this home; else a node of our own when seeds are named; else the store alone, which can repair nothing. */
async function findVerifier({ store, seed }: StoreFlags): Promise<Keeper> {
  const running = store === undefined ? await runningHere() : undefined
  if (running !== undefined) return { store: running.administration, [Symbol.asyncDispose]: () => running.stop() }
  const { createNode, dragonflyHome, openAdministration } = await import('../index.ts')
  const home = dragonflyHome()
  const folder = store === undefined ? undefined : path.resolve(store)
  const settings = await readSettings(seed === undefined ? {} : { seeds: seed }, process.env, home)
  if (settings.seeds.length === 0) {
    const open = await openAdministration(home, { store: folder })
    return { store: open.administration, [Symbol.asyncDispose]: () => open.close() }
  }
  const { seeds, bootstrap, trust, proxy, noProxy, ca, ipfsGateways, limits } = settings
  const node = await createNode({
    ...{ home, seeds, bootstrap, trust, dhtServer: false, store: folder ?? path.join(home, 'store') },
    ...originLimitsOf(settings),
    ...(proxy !== undefined && { proxy }),
    ...(noProxy !== undefined && { noProxy }),
    ...(ipfsGateways !== undefined && { ipfsGateways }),
    ...(ca !== undefined && { ca }),
    ...(limits !== undefined && { limits }),
  })
  return { store: node.administration, [Symbol.asyncDispose]: () => node.stop() }
}

function showJson(line: VerifyLine): void {
  process.stdout.write(jsonOf(line))
}

function jsonOf(line: VerifyLine): string {
  const { type: _type, ...fields } = line
  switch (line.type) {
    case 'progress':
      return jsonLine('verifyProgress', fields as Omit<VerifyProgress, 'type'>)
    case 'content':
      return jsonLine('verified', fields as Omit<VerifiedContent, 'type'>)
    case 'done':
      return jsonLine('verifySummary', fields as Omit<VerifySummary, 'type'>)
  }
}

/** Only what was not good is worth a line of its own. */
function showText(name: string): (line: VerifyLine) => void {
  const progress = new ProgressLine(process.stderr)
  return line => {
    if (line.type === 'progress') {
      const { contents, total, bytes: read, totalBytes } = line
      return progress.show(`${name}: verified ${contents} of ${total}, ${bytes(read)} (${percent(read, totalBytes)})`)
    }
    if (line.type === 'content' && line.state === 'good') return
    progress.clear()
    process.stdout.write(`${printable(line.type === 'done' ? summaryText(line) : contentText(line))}\n`)
  }
}

function contentText({ id, url, state, pieces, broken, reason }: VerifiedContent): string {
  const what = url === undefined ? id : `${url} (${id})`
  const why = reason === undefined ? '' : `: ${reason}`
  return `${state} ${what}, ${broken} of ${count(pieces, 'piece')} broken${why}`
}

function summaryText({ contents, bytes: read, repaired, removed, broken }: VerifySummary): string {
  const found = [
    [repaired, 'repaired'],
    [removed, 'removed'],
    [broken, 'broken'],
  ].flatMap(([n, state]) => (n === 0 ? [] : [`${n} ${state}`]))
  return `verified ${count(contents, 'content')} (${bytes(read)}): ${found.length === 0 ? 'all good' : found.join(', ')}`
}
