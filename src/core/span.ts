// What a span of a trace is made of.

/** Version, trace id, span id and flags, as W3C Trace Context §3.2 writes them: 55 characters, no id of zeros. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

export function isTraceparent(text: string): boolean {
  return TRACEPARENT.test(text)
}

/** What a span is told. Undefined: nothing. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

export interface SpanOf {
  /** One of a fixed list: `dragonfly.get`. */
  name: string
  /** Default `internal`. */
  kind?: 'internal' | 'client' | 'server'
  attributes?: () => Attributes
  /** Headers of a request, as Node has them, that may name the span which this one belongs to. Default: the span that is under way. */
  carrier?: Readonly<Record<string, string | string[] | undefined>>
}

export interface Span {
  set(attributes: Attributes): void
  /** Something that happened at a moment. */
  event(name: string): void
}
