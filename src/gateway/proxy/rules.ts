// Decides by URL what becomes of a request: read through the swarm, passed straight to the origin, or refused.
import { RE2JS } from 're2js'
import { DragonflyError } from '../../core/errors.ts'
import { READY_RULES, type ReadyRule, type RuleText } from './ready-rules.ts'

/** Rules, each set of ready ones counted as one. */
export const MAX_RULES = 256
/** Characters of one expression. */
export const MAX_MATCH = 2000
/** Query parameters that one rule names. */
const MAX_FILTER = 64

export type Action = RuleText['action']

/** What the first rule that matches says. */
export interface Decision {
  readonly action: Action
  /** Query parameters that do not change the content. */
  readonly filter: readonly string[]
}

/** An entry of `gateway.rules`: a rule, or the name of ready ones. */
export type RuleEntry = RuleText | ReadyRule

const DEFAULT: Decision = { action: 'direct', filter: [] }

/** Expressions are RE2's: matching takes time proportional to the URL's length, whatever the expression is. */
export class Rules {
  readonly #rules: readonly { matches(url: string): boolean; decision: Decision }[]

  /** Throws `bad-option` that names the rule. */
  constructor(entries: readonly RuleEntry[]) {
    if (entries.length > MAX_RULES) throw new DragonflyError('bad-option', `gateway.rules: more than ${MAX_RULES} rules`)
    this.#rules = entries.flatMap((entry, i) => textsOf(entry, i + 1).map(text => compile(text, i + 1)))
  }

  /** The first rule that matches decides; none: `direct`. `url`: as `URL` writes it, without fragment. */
  decide(url: string): Decision {
    return this.#rules.find(rule => rule.matches(url))?.decision ?? DEFAULT
  }
}

function textsOf(entry: RuleEntry, n: number): readonly RuleText[] {
  if (typeof entry !== 'string') return [entry]
  if (Object.hasOwn(READY_RULES, entry)) return READY_RULES[entry]
  throw bad(n, `there are no ready rules ${JSON.stringify(String(entry).slice(0, 50))}`, known())
}

function compile({ match, action, filter = [] }: RuleText, n: number) {
  if (match.length > MAX_MATCH) throw bad(n, `its expression is longer than ${MAX_MATCH} characters`)
  if (filter.length > MAX_FILTER) throw bad(n, `it filters more than ${MAX_FILTER} parameters`)
  try {
    const expression = RE2JS.compile(match)
    return { matches: (url: string) => expression.test(url), decision: { action, filter } }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be read'
    throw bad(n, `not a regular expression: ${JSON.stringify(match.slice(0, 100))}: ${why}`, 'write it in RE2 syntax', cause)
  }
}

function known(): string {
  return `there are ${Object.keys(READY_RULES).join(', ')}`
}

function bad(n: number, what: string, hint?: string, cause?: unknown): DragonflyError {
  return new DragonflyError('bad-option', `gateway.rules: rule ${n}: ${what}`, {
    ...(hint !== undefined && { hint }),
    cause,
  })
}
