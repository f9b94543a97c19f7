// What a replica says to one request: status, fields and body, before they are framed. The ways to refuse a range or to get it wrong.
import type { Replica, WebOriginPlan } from './plan.ts'

export interface Asked {
  method: string
  /** Field names in lower case. */
  headers: ReadonlyMap<string, string>
}

export interface Said {
  status: number
  headers: [name: string, value: string][]
  body: Buffer
}

/** What there is to give: the bytes, and which state of the content they are. */
export interface Shown {
  body: Buffer
  /** The same content in the other Content-Encoding. */
  otherBody: Buffer
  isGzip: boolean
  /** 0, or 1 after the change. */
  state: number
}

const PAGE = Buffer.from('<html>no</html>')

export function answerOf(plan: WebOriginPlan, at: number, nth: number, asked: Asked, shown: Shown): Said {
  const replica = plan.replicas[at] as Replica
  const fields = validatorsOf(plan, at, nth, shown.state)
  const whole = wholeOf(shown, fields)
  const known = asked.headers.get('if-none-match') ?? asked.headers.get('if-modified-since')
  if (known !== undefined && fields.some(([, value]) => value === known)) return { ...whole, status: 304, body: Buffer.alloc(0) }
  const range = /^bytes=(\d+)-(\d*)$/.exec(asked.headers.get('range') ?? '')
  if (range === null || replica.ranges === 'none') return unaskedPart(plan, whole)
  const condition = asked.headers.get('if-range')
  const isMet = condition === undefined || fields.some(([, value]) => value === condition)
  if (!isMet && replica.ranges !== 'ignores-if-range') return whole
  const start = Number(range[1])
  const end = range[2] === '' ? shown.body.length : Math.min(Number(range[2]) + 1, shown.body.length)
  return partOf(replica.ranges, start, end, whole, fields, shown)
}

/** The strong ETag that every replica gives before the change; undefined: there is none, and no two answers may be joined. */
export function commonEtag({ replicas }: WebOriginPlan): string | undefined {
  const isOne = replicas.every(({ etag, ownEtag }) => etag === 'strong' && !(ownEtag && replicas.length > 1))
  if (!isOne) return undefined
  return replicas[0]?.ownEtag === true ? '"v0-0"' : '"v0"'
}

function validatorsOf(plan: WebOriginPlan, at: number, nth: number, state: number): [string, string][] {
  const { etag, ownEtag, lastModified } = plan.replicas[at] as Replica
  const name = `v${state}${ownEtag ? `-${at}` : ''}`
  const weak = plan.weakStays ? `v${ownEtag ? `-${at}` : ''}` : name
  const tag = { strong: `"${name}"`, weak: `W/"${weak}"`, unquoted: weak, 'each-answer': `"${name}-${nth}"`, none: '' }[etag]
  const now = Date.now()
  const moment = lastModified === 'now' ? now : Date.UTC(2024, 0, 1 + state, ownEtag ? at : 0)
  return [
    ['Date', new Date(now).toUTCString()],
    ...(tag === '' ? [] : [['ETag', tag] as [string, string]]),
    ...(lastModified === 'none' ? [] : [['Last-Modified', new Date(moment).toUTCString()] as [string, string]]),
  ]
}

function wholeOf({ body, isGzip }: Shown, fields: [string, string][]): Said {
  const coding: [string, string][] = isGzip ? [['Content-Encoding', 'gzip']] : []
  return { status: 200, headers: [...fields, ['Content-Type', 'application/octet-stream'], ...coding], body }
}

/** 206 with everything though nobody asked for a range. */
function unaskedPart(plan: WebOriginPlan, whole: Said): Said {
  const { length } = whole.body
  if (!plan.oddities.includes('unasked-206') || length === 0) return whole
  return { ...whole, status: 206, headers: [...whole.headers, ['Content-Range', `bytes 0-${length - 1}/${length}`]] }
}

function partOf(style: string, start: number, end: number, whole: Said, fields: [string, string][], shown: Shown): Said {
  const { length } = whole.body
  if (/^\d+$/.test(style)) return { status: Number(style), headers: [], body: style === '204' ? Buffer.alloc(0) : PAGE }
  if (start >= length) {
    const total: [string, string][] = style === '416-without-length' ? [] : [['Content-Range', `bytes */${length}`]]
    return { status: 416, headers: [...fields, ...total], body: PAGE }
  }
  const part = (body: Buffer, from: number, to: number, total: number | string = body.length): Said => {
    const place: [string, string] = ['Content-Range', `bytes ${from}-${to - 1}/${total}`]
    return { status: 206, headers: [...whole.headers, place], body: body.subarray(from, to) }
  }
  const good = part(whole.body, start, end)
  const without = (...names: string[]) => good.headers.filter(([name]) => !names.includes(name))
  if (style === 'from-zero') return part(whole.body, 0, length)
  if (style === 'other-range') return part(whole.body, Math.min(start + 1, length - 1), length)
  if (style === 'no-total') return part(whole.body, start, end, '*')
  if (style === 'no-content-range') return { ...good, headers: without('Content-Range') }
  if (style === 'odd-content-range')
    return { ...good, headers: [...without('Content-Range'), ['Content-Range', `${start}-${end}`]] }
  if (style === 'empty-206') return { ...good, headers: without('Content-Range'), body: Buffer.alloc(0) }
  if (style === 'no-validators') return { ...good, headers: without('ETag', 'Last-Modified') }
  if (style === 'other-type') return { ...good, headers: [...without('Content-Type'), ['Content-Type', 'text/html']] }
  if (style === 'multipart') return multipart(good)
  if (style === 'other-coding') return inOtherCoding(start, part, shown)
  return good
}

/** Under the same validators. */
function inOtherCoding(start: number, part: (body: Buffer, from: number, to: number) => Said, shown: Shown): Said {
  const { otherBody, isGzip } = shown
  const said = part(otherBody, Math.min(start, otherBody.length - 1), otherBody.length)
  const headers = said.headers.filter(([name]) => name !== 'Content-Encoding')
  return { ...said, headers: isGzip ? headers : [...headers, ['Content-Encoding', 'gzip']] }
}

function multipart(good: Said): Said {
  const headers = good.headers.filter(([name]) => name !== 'Content-Type' && name !== 'Content-Range')
  const place = good.headers.find(([name]) => name === 'Content-Range')?.[1]
  const body = [Buffer.from(`--x\r\nContent-Range: ${place}\r\n\r\n`), good.body, Buffer.from('\r\n--x--\r\n')]
  return { ...good, headers: [...headers, ['Content-Type', 'multipart/byteranges; boundary=x']], body: Buffer.concat(body) }
}
