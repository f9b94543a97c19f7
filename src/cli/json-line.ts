// One kind of NDJSON line: how it is declared, and what many of them say.

/** One kind of line. */
export interface JsonLine {
  /** The field `type` of the line. */
  readonly type: string
  /** Commands that write it. */
  readonly from: readonly string[]
  readonly meaning: string
  /** Name → meaning. */
  readonly fields: Readonly<Record<string, string>>
  /** Fields that are left out when there is nothing to say. */
  readonly optional: Readonly<Record<string, string>>
}

/** Keeps the names of the fields as types. */
export function line<F extends string, O extends string = never>(
  type: string,
  from: readonly string[],
  meaning: string,
  fields: Record<F, string>,
  optional = {} as Record<O, string>,
) {
  return { type, from, meaning, fields, optional }
}

export const CODE = '[error code](#error-codes)'
export const MESSAGE = 'one line for a person'
export const HINT = 'what the reader can do next'
