// Normalises the heads of HTTP/1 answers from careless servers into what the parser accepts (RFC 9112).

/** Bytes of one answer's head, all fields together. curl stops at 300 KiB. */
export const MAX_HEAD_BYTES = 256 * 1024

const FIELD = /^([!#$%&'*+\-.^_`|~\w]+)[ \t]*:(.*)$/
/** Follows one connection: told of every request and every chunk, gives the chunks that the parser shall see. */
export class HeadMender {
  #head: Buffer | undefined

  /** A request was sent: an answer's head comes next. */
  expect(): void {
    this.#head ??= Buffer.alloc(0)
  }

  /** What the parser shall see of the bytes so far; empty while the head is not complete. */
  push(chunk: Buffer): Buffer {
    if (this.#head === undefined) return chunk
    const all = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk])
    const start = startOf(all)
    const end = endOf(all, start)
    if (end === undefined) {
      if (all.length > MAX_HEAD_BYTES || !isHttp(all, start)) return this.#giveUp(all)
      this.#head = all
      return Buffer.alloc(0)
    }
    if (end - start > MAX_HEAD_BYTES) return this.#giveUp(all)
    const head = all.toString('latin1', start, end)
    const rest = all.subarray(end)
    if (isInterim(head)) {
      this.#head = Buffer.alloc(0)
      return this.push(rest)
    }
    this.#head = undefined
    return Buffer.concat([Buffer.from(mendHead(head), 'latin1'), rest])
  }

  /** The parser says what is wrong with it. */
  #giveUp(all: Buffer): Buffer {
    this.#head = undefined
    return all
  }
}

/** Line ends before an answer belong to the one before. */
function startOf(bytes: Buffer): number {
  let start = 0
  while (bytes[start] === 13 || bytes[start] === 10) start++
  return start
}

/** After the empty line; undefined before it is there. */
function endOf(bytes: Buffer, start: number): number | undefined {
  for (let at = bytes.indexOf(10, start); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at + 2
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3
  }
  return undefined
}

function isHttp(bytes: Buffer, start: number): boolean {
  const begin = bytes.toString('latin1', start, start + 5)
  return 'HTTP/'.startsWith(begin) || begin === 'HTTP/'
}

/** 1xx but 101, which answers an upgrade that is never asked for. */
function isInterim(head: string): boolean {
  return /^HTTP\/1\.\d 1(?!01)\d\d\b/.test(head)
}

/**
 * Line ends, folded lines, white space before colons, control bytes, and what says twice where the body ends: equal lengths
 * are one, `identity` is no coding, chunks come before a length. A connection whose framing had to be mended is not used again.
 * What is not understood stays as it is, for the parser to refuse.
 */
export function mendHead(head: string): string {
  const [status = '', ...lines] = unfolded(head)
  const fields: Field[] = []
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? []
    if (name === undefined || value === undefined) fields.push({ name: '', line })
    else fields.push({ name: name.toLowerCase(), line: `${name}: ${value.trim()}` })
  }
  const framed = mendFraming(fields)
  return `${[status, ...framed.map(field => field.line)].join('\r\n')}\r\n\r\n`
}

interface Field {
  /** In lower case; empty for a line that is no field. */
  name: string
  line: string
}

function unfolded(head: string): string[] {
  const lines: string[] = []
  for (const raw of head.trimEnd().split(/\r?\n/)) {
    const line = raw.replace(/\p{Cc}/gu, spaced)
    if (/^[ \t]/.test(line) && lines.length > 1) lines.push(`${lines.pop()} ${line.trim()}`)
    else lines.push(line)
  }
  return lines
}

/** Control bytes stand for nothing, and the line is clear without them; not so NUL, and what lies above ASCII is text. */
function spaced(control: string): string {
  const code = control.charCodeAt(0)
  return code === 0 || code === 9 || code >= 0x80 ? control : ' '
}

function mendFraming(fields: Field[]): Field[] {
  const lengths = valuesOf(fields, 'content-length')
  const codings = valuesOf(fields, 'transfer-encoding').map(coding => coding.toLowerCase())
  const left = codings.filter(coding => coding !== 'identity')
  const isChunked = left.at(-1) === 'chunked'
  const hasOneLength = lengths.length > 0 && lengths.every(length => length === lengths[0])
  const isOdd = lengths.length > 1 || left.length < codings.length || (isChunked && lengths.length > 0)
  if (!isOdd) return fields
  const kept = fields.filter(({ name }) => {
    if (name === 'connection' || name === 'transfer-encoding') return false
    return name !== 'content-length' || !(hasOneLength || isChunked)
  })
  if (left.length > 0) kept.push({ name: 'transfer-encoding', line: `Transfer-Encoding: ${left.join(', ')}` })
  else if (hasOneLength) kept.push({ name: 'content-length', line: `Content-Length: ${lengths[0]}` })
  return [...kept, { name: 'connection', line: 'Connection: close' }]
}

function valuesOf(fields: readonly Field[], name: string): string[] {
  const lines = fields.filter(field => field.name === name).map(({ line }) => line.slice(line.indexOf(':') + 1))
  return lines.flatMap(value => value.split(',').map(part => part.trim())).filter(value => value !== '')
}
