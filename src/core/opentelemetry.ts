// What needs the API of OpenTelemetry. Loaded when the first span begins.
import { type Context, context, type Span as OtelSpan, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { DragonflyError } from './errors.ts'
import type { Attributes, Span, SpanOf } from './span.ts'

const KINDS = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT, server: SpanKind.SERVER }

export async function inSpan<T>(what: SpanOf, work: (span: Span) => Promise<T>): Promise<T> {
  const { span, within } = begin(what)
  try {
    return await context.with(within, () => work(asOurs(span)))
  } catch (error) {
    fail(span, error)
    throw error
  } finally {
    span.end()
  }
}

/** A stream whose span lasts from the first read to the end. `result`: what is known once everything was read. */
export async function* streamInSpan<T>(
  what: SpanOf,
  source: AsyncIterable<T>,
  result: () => Promise<Attributes>,
): AsyncGenerator<T, void, undefined> {
  const { span, within } = begin(what)
  const items = source[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await context.with(within, () => items.next())
      if (next.done === true) break
      yield next.value
    }
    asOurs(span).set(await result())
  } catch (error) {
    fail(span, error)
    throw error
  } finally {
    await items.return?.()
    span.end()
  }
}

export function contextHeaders(): Record<string, string> {
  const headers: Record<string, string> = {}
  propagation.inject(context.active(), headers)
  return headers
}

function begin({ name, kind = 'internal', attributes, carrier }: SpanOf): { span: OtelSpan; within: Context } {
  const parent = carrier === undefined ? context.active() : propagation.extract(context.active(), carrier)
  const span = trace.getTracer('dragonfly-p2p').startSpan(name, { kind: KINDS[kind], attributes: { ...attributes?.() } }, parent)
  return { span, within: trace.setSpan(parent, span) }
}

function asOurs(span: OtelSpan): Span {
  return {
    set: attributes => void span.setAttributes({ ...attributes }),
    event: name => void span.addEvent(name),
  }
}

/** Messages stay here: they may name what a trace should not. */
function fail(span: OtelSpan, error: unknown): void {
  const code = error instanceof DragonflyError ? error.code : error instanceof Error ? error.name : 'internal'
  span.setAttribute('error.type', code)
  span.setStatus({ code: SpanStatusCode.ERROR })
}
