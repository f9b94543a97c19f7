// df get: runs one download, from the arguments to the receipt and the exit code.
import type { DragonflyNode, GetOptions, NodeEvent, Receipt } from '../index.ts'
import { chooseDaemon } from './daemon-choice.ts'
import { describe, type Failure, failureLine, OutputError } from './errors.ts'
import { OK, PIPE_CLOSED } from './exit-codes.ts'
import type { GetFlags } from './get-flags.ts'
import { getOptions, nodeOptions } from './get-options.ts'
import { Interrupt } from './interrupt.ts'
import { makeReport } from './render.ts'
import type { Report } from './report.ts'
import { flushed, openStdout, PipeClosed, stdoutError, writeAll } from './stdout.ts'

/** Resolves to the exit code; whatever went wrong was told. */
export async function get(url: string, flags: GetFlags, name: string): Promise<number> {
  using interrupt = new Interrupt()
  const reader = new AbortController()
  process.stdout.once('error', error => reader.abort(stdoutError(error)))
  const options = { name, json: flags.json === true, quiet: flags.quiet === true, streaming: flags.output === '-', log: flags }
  const report = await makeReport(options, process.stdout, process.stderr)
  try {
    await run(url, flags, report, interrupt, reader.signal)
    if (flags.json === true) await flushed(process.stdout)
    reader.signal.throwIfAborted()
    return OK
  } catch (thrown) {
    const error: unknown = reader.signal.aborted ? reader.signal.reason : thrown
    if (error instanceof PipeClosed) return PIPE_CLOSED
    if (process.env.DEBUG) console.error(error)
    const failure = describe(error)
    // with --json the report itself goes to the output that failed
    if (error instanceof OutputError && flags.json === true && flags.output !== '-') tell(failure, name)
    if (failure.code !== 'aborted' || flags.quiet !== true) report.failed(failure)
    return failure.code === 'aborted' ? (interrupt.exitCode ?? failure.exitCode) : failure.exitCode
  } finally {
    report.close()
  }
}

function tell(failure: Failure, name: string): void {
  process.stderr.write(`${failureLine(name, failure)}\n`)
}

async function run(url: string, flags: GetFlags, report: Report, interrupt: Interrupt, reader: AbortSignal): Promise<void> {
  const timeout = flags.timeout > 0 ? [AbortSignal.timeout(flags.timeout)] : []
  const signal = AbortSignal.any([interrupt.signal, reader, ...timeout])
  const options = await getOptions(flags, { signal, onProgress: progress => report.progress(progress) })
  // nothing is told before who we are
  let early: NodeEvent[] | undefined = []
  const onEvent = (event: NodeEvent) => void (early === undefined ? report.event(event) : early.push(event))
  const daemon = await chooseDaemon(flags)
  const node = daemon ?? (await ownNode(flags, onEvent))
  try {
    report.started(node.peerId, node.addresses)
    for (const event of early) report.event(event)
    early = undefined
    report.done(await fetch(node, url, flags.output, options))
    if (flags.linger > 0) {
      report.lingering(flags.linger / 1000)
      await interrupt.wait(flags.linger)
    }
  } finally {
    await node.stop()
  }
}

async function ownNode(flags: GetFlags, onEvent: (event: NodeEvent) => void): Promise<DragonflyNode> {
  const { createNode, homeIfAny } = await import('../index.ts')
  return await createNode(await nodeOptions(flags, homeIfAny(), onEvent))
}

async function fetch(node: DragonflyNode, url: string, output: string | undefined, options: GetOptions): Promise<Receipt> {
  if (output !== '-') return node.download(url, output, options)
  const stream = node.get(url, options)
  // The iteration throws the same error, and comes first.
  stream.receipt.catch(() => {})
  await writeAll(stream, openStdout())
  return stream.receipt
}
