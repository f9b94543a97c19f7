// What a JSON Schema allows, in words: for the messages of the compiled checks and for the reference.

/** The part of JSON Schema that options and config are declared in. `instance`: name of a type that JSON has not. */
export interface OptionSchema {
  readonly type?: string | readonly string[]
  readonly items?: OptionSchema | boolean
  readonly prefixItems?: readonly OptionSchema[]
  readonly maxItems?: number
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly OptionSchema[]
  readonly properties?: Readonly<Record<string, OptionSchema>>
  readonly description?: string
  readonly instance?: string
}

const WORDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
}

/** `a whole number from 1 to 1000`, `a list of at most 256 texts`: what may follow "must be". */
export function allowedBy(schema: OptionSchema): string {
  const { type, anyOf, instance } = schema
  if (anyOf !== undefined) return anyOf.map(allowedBy).join(', or ')
  if (instance !== undefined) return instance === 'function' ? 'a function' : `an ${instance}`
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(value => JSON.stringify(value)).join(' or ')
  if (typeof type === 'object') return type.map(one => allowedBy({ ...schema, type: one })).join(' or ')
  if (type === 'array') return listOf(schema)
  if (type === 'object' && schema.properties !== undefined) {
    const parts = Object.entries(schema.properties).map(([name, part]) => `${name}: ${allowedBy(part)}`)
    return `an object (${parts.join('; ')})`
  }
  return `${WORDS[type ?? ''] ?? 'a value'}${boundsOf(schema)}`
}

function listOf({ items, maxItems }: OptionSchema): string {
  const many = maxItems === undefined ? 'a list of' : `a list of at most ${maxItems}`
  if (typeof items !== 'object') return many
  return items.type === 'string' ? `${many} texts` : `${many} items, each ${allowedBy(items)}`
}

function boundsOf({ type, minimum, exclusiveMinimum, maximum }: OptionSchema): string {
  if (type !== 'number' && type !== 'integer') return ''
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  const above = exclusiveMinimum === undefined ? '' : ` above ${exclusiveMinimum}`
  const least = minimum === undefined ? '' : ` of at least ${minimum}`
  const most = maximum === undefined ? '' : `${above === '' ? '' : ','} up to ${maximum}`
  return `${above}${least}${most}`
}
