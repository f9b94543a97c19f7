// Spans of OpenTelemetry, where the process has registered an SDK. Where it has not, nothing is loaded and nothing is done.
import { isTraceparent, type Span, type SpanOf } from './span.ts'

/** Where the API of OpenTelemetry, major version 1, keeps what an SDK registers; the same for every copy of it in a process. */
const REGISTRY = Symbol.for('opentelemetry.js.api.1')

const NO_SPAN: Span = { set: () => {}, event: () => {} }

interface Registered {
  trace?: { getDelegate?(): { forceFlush?(): Promise<void> } }
}

/** Whether an SDK is registered. */
export function isTracing(): boolean {
  return registered()?.trace !== undefined
}

/** Does the work within a span, which ends with it and tells the code of its error. */
export async function traced<T>(what: SpanOf, work: (span: Span) => Promise<T>): Promise<T> {
  if (!isTracing()) return await work(NO_SPAN)
  const { inSpan } = await import('./opentelemetry.ts')
  return await inSpan(what, work)
}

/** Headers by which another process joins the trace that is under way; none without one. */
export async function traceHeaders(): Promise<Record<string, string>> {
  if (!isTracing()) return {}
  const { contextHeaders } = await import('./opentelemetry.ts')
  return contextHeaders()
}

/** The `traceparent` among these headers, where it is one of W3C Trace Context, version 00. */
export async function traceparent(): Promise<string | undefined> {
  const { traceparent } = await traceHeaders()
  return traceparent !== undefined && isTraceparent(traceparent) ? traceparent : undefined
}

/** Before the process ends: gives the SDK so many milliseconds to send what it has. Never rejects. */
export async function flushSpans(withinMs: number): Promise<void> {
  const sent = registered()?.trace?.getDelegate?.().forceFlush?.()
  if (sent === undefined) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, withinMs)
  await Promise.race([sent.catch(() => {}), promise])
  clearTimeout(timer)
}

function registered(): Registered | undefined {
  return (globalThis as Record<symbol, Registered | undefined>)[REGISTRY]
}
