// An origin on a bare socket, so that it can say what no HTTP library would let it: keeps to its plan, request by request.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { contentOf, sha256Hex } from '../content.ts'
import { type Asked, answerOf, type Said, type Shown } from './answer.ts'
import type { Trouble, WebOriginPlan } from './plan.ts'

const CHUNK = 32 * 1024
const PATH = '/file.bin'

interface Ways {
  log(line: string): void
  /** Requests that have been answered before. Default 0. */
  begun?: number
  /** Called once, when so much of a body, 0 to 1, has been sent; the body goes no further before it resolves. */
  pause?: { at: number; call: () => Promise<void> } | undefined
}

export class WebOrigin {
  requests: number
  readonly #plan: WebOriginPlan
  readonly #ways: Ways
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #bodies: Buffer[][]
  #hasPaused = false

  constructor(plan: WebOriginPlan, ways: Ways) {
    this.#plan = plan
    this.#ways = ways
    this.requests = ways.begun ?? 0
    this.#bodies = [0, 1].map(state => {
      const body = contentOf(`web ${plan.seed}/${plan.round}/${state}`, plan.length)
      return [body, gzipSync(body)]
    })
    this.#server = createServer(socket => this.#serve(socket))
  }

  async start(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }

  get url(): string {
    const place = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this.#plan.redirect === 'none' ? `${place}${PATH}` : `${place}/start`
  }

  /** Every body that it may have given as the whole. */
  get versions(): Buffer[] {
    const codings = this.#plan.replicas.some(({ isGzip }) => isGzip) ? [0, 1] : [0]
    const states = this.hasChanged ? [0, 1] : [0]
    return states.flatMap(state => codings.map(coding => this.#bodies[state]?.[coding] as Buffer))
  }

  get hashes(): string[] {
    return this.versions.map(sha256Hex)
  }

  get hasChanged(): boolean {
    return this.#stateAt(this.requests) === 1
  }

  #stateAt(nth: number): number {
    return nth >= (this.#plan.changesAt ?? Infinity) ? 1 : 0
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
    let text = ''
    let turn = Promise.resolve()
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end)
        text = text.slice(end + 4)
        turn = turn.then(() => this.#answer(head, socket)).catch(() => void socket.destroy())
      }
    })
  }

  async #answer(head: string, socket: Socket): Promise<void> {
    if (socket.destroyed) return
    const [first = '', ...lines] = head.split('\r\n')
    const [method = '', path] = first.split(' ')
    const headers = new Map(lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.replace(/^[^:]*: */, '')]))
    const asked: Asked = { method, headers }
    const isSent = this.#plan.redirect === 'plain' ? path !== PATH : this.#plan.redirect === 'cookie' && !headers.has('cookie')
    if (isSent) return this.#redirect(socket)
    const nth = ++this.requests
    const trouble = this.#plan.troubles[nth - 1]
    const said = this.#say(nth, asked)
    const what = `${headers.get('range') ?? 'all'}${headers.has('if-range') ? ` if ${headers.get('if-range')}` : ''}`
    const fields = said.headers.filter(([name]) => name !== 'Date').map(([name, value]) => `${name}: ${value}`)
    this.#ways.log(`${nth}: ${what} → ${said.status} ${said.body.length} ${fields.join(', ')} ${JSON.stringify(trouble) ?? ''}`)
    if (trouble?.kind === 'hang-up') return void socket.destroy()
    if (trouble?.kind === 'late') await sleep(trouble.ms)
    if (trouble?.kind === 'busy') return void socket.write(busy(trouble))
    await this.#send(said, asked, trouble, socket)
  }

  #redirect(socket: Socket): void {
    const cookie = this.#plan.redirect === 'cookie' ? 'Set-Cookie: seen=1; Path=/\r\n' : ''
    const to = this.#plan.redirect === 'cookie' ? '/start' : PATH
    socket.write(`HTTP/1.1 302 Found\r\nLocation: ${to}\r\n${cookie}Content-Length: 0\r\n\r\n`)
  }

  #say(nth: number, asked: Asked): Said {
    const { replicas, turns } = this.#plan
    const at = turns[nth - 1] ?? nth % replicas.length
    const state = this.#stateAt(nth)
    const isGzip = replicas[at]?.isGzip === true
    const [body, gzipped] = this.#bodies[state] as [Buffer, Buffer]
    const shown: Shown = isGzip ? { body: gzipped, otherBody: body, isGzip, state } : { body, otherBody: gzipped, isGzip, state }
    return answerOf(this.#plan, at, nth, asked, shown)
  }

  async #send(said: Said, asked: Asked, trouble: Trouble | undefined, socket: Socket): Promise<void> {
    const { oddities, cutEvery } = this.#plan
    const hasBody = asked.method !== 'HEAD' && said.status !== 304 && said.status !== 204
    // other answers than with the content are as they should be
    const framing = said.status === 200 || said.status === 206 ? this.#plan.framing : 'length'
    socket.write(headOf(said, framing, oddities))
    if (!hasBody) return
    const isChunked = framing.startsWith('chunked')
    const untilClose = framing === 'until-close' || framing === 'http-1.0'
    // the last byte at most: a cut after it is none
    const cutAt = Math.min(trouble?.kind === 'cut' ? Math.floor(trouble.at * said.body.length) : Infinity, cutEvery ?? Infinity)
    const stall = trouble?.kind === 'stall' ? { at: trouble.at, call: () => sleep(trouble.ms) as Promise<unknown> } : undefined
    const stops = [stall, this.#pauseOnce()].filter(stop => stop !== undefined)
    for (let at = 0; at < said.body.length; ) {
      if (at >= cutAt) return cut(socket, untilClose || (trouble?.kind === 'cut' && trouble.how === 'reset'))
      const due = stops.findIndex(stop => at >= Math.floor(stop.at * said.body.length))
      if (due >= 0) await stops.splice(due, 1)[0]?.call()
      const places = [at + CHUNK, said.body.length, cutAt, ...stops.map(stop => Math.floor(stop.at * said.body.length))]
      const end = Math.min(...places.filter(place => place > at))
      await write(socket, isChunked ? chunkOf(said.body.subarray(at, end)) : said.body.subarray(at, end))
      at = end
    }
    for (const stop of stops) await stop.call()
    if (isChunked) socket.write('0\r\n\r\n')
    else if (oddities.includes('line-end-after') && !untilClose) socket.write('\r\n')
    if (untilClose || oddities.includes('close')) socket.end()
  }

  #pauseOnce(): { at: number; call: () => Promise<unknown> } | undefined {
    const { pause } = this.#ways
    if (pause === undefined || this.#hasPaused) return undefined
    const call = async () => {
      if (this.#hasPaused) return
      this.#hasPaused = true
      await pause.call()
    }
    return { at: pause.at, call }
  }
}

function headOf({ status, headers, body }: Said, framing: string, oddities: readonly string[]): string {
  const has = (oddity: string) => oddities.includes(oddity)
  const line = has('line-feeds') ? '\n' : '\r\n'
  const length = `Content-Length: ${body.length}`
  const framed: Record<string, string[]> = {
    length: [length],
    chunked: ['Transfer-Encoding: chunked'],
    'chunked-and-length': ['Transfer-Encoding: chunked', `Content-Length: ${body.length + 7}`],
    'length-twice': [length, length],
    identity: ['Transfer-Encoding: identity', length],
    'until-close': ['Connection: close'],
    'http-1.0': [],
  }
  const fields = [
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(has('space-before-colon') ? ['Server : odd'] : []),
    ...(has('folded') ? [`X-Folded: one${line}  two`] : []),
    ...(has('control-byte') ? ['X-Control: a\x01b'] : []),
    ...(has('long-head') ? [`X-Long: ${'x'.repeat(40_000)}`] : []),
    ...(has('close') && framing !== 'until-close' ? ['Connection: close'] : []),
    ...(status === 204 || status === 304 ? [] : (framed[framing] as string[])),
  ]
  const interim = has('interim') && framing !== 'http-1.0' ? `HTTP/1.1 103 Early Hints${line}Link: </x>${line}${line}` : ''
  return `${interim}HTTP/${framing === 'http-1.0' ? '1.0' : '1.1'} ${status} Odd${line}${fields.join(line)}${line}${line}`
}

function busy({ status, retryAfter }: Trouble & { kind: 'busy' }): string {
  const when = retryAfter === 'date' ? new Date(Date.now() + 1000).toUTCString() : retryAfter
  return `HTTP/1.1 ${status} Odd\r\n${when === undefined ? '' : `Retry-After: ${when}\r\n`}Content-Length: 4\r\n\r\nbusy`
}

function chunkOf(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

/** A body that ends with its connection can break off by a reset only: its end is no error. */
function cut(socket: Socket, byReset: boolean): void {
  if (byReset) socket.resetAndDestroy()
  else socket.end()
}

async function write(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed) throw new Error('gone')
  if (socket.write(bytes)) return
  await new Promise<void>(resolve => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}
