// An origin that keeps to its plan: honest but for the faults that were drawn.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Act, honest } from '../../test/origin/hostile-origin.ts'
import type { LastingFault, OriginPlan, RequestFault } from './plan.ts'

/** How often a limited answer goes on, milliseconds. */
const TICK_MS = 50
const CHUNK = 256 * 1024

export interface Version {
  body: Buffer
  etag: string
  lastModified: string
}

/** Before a change and after it. */
export type File = readonly [Version, Version]

export class TortureOrigin {
  /** Moments of performance.now(); undefined: it has not happened. */
  deadAt: number | undefined
  changedAt: number | undefined
  requests = 0
  readonly #plan: OriginPlan
  readonly #files: readonly File[]
  readonly #server: Server
  readonly #log: (line: string) => void
  #sent = 0
  #how: (LastingFault & { kind: 'dead' })['how'] = 'refuse'
  readonly #address: string
  #port = 0

  constructor(plan: OriginPlan, files: readonly File[], address: string, log: (line: string) => void) {
    this.#address = address
    this.#plan = plan
    this.#files = files
    this.#log = log
    this.#server = createServer((request, response) => {
      response.on('error', () => {})
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  async start(): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(0, this.#address, resolve))
    this.#port = (this.#server.address() as AddressInfo).port
    this.#checkLasting()
  }

  url(file: number): string {
    return `http://${this.#address}:${this.#port}/${file}/file.bin`
  }

  get port(): number {
    return this.#port
  }

  /** Bytes of bodies sent, over those of all files. */
  get copies(): number {
    return this.#sent / Math.max(1, this.#total)
  }

  die(how: (LastingFault & { kind: 'dead' })['how']): void {
    if (this.deadAt !== undefined) return
    this.deadAt = performance.now()
    this.#how = how
    this.#log(`dies (${how}) after ${this.#sent} bytes`)
    if (how === 'refuse') this.#server.close()
    this.#server.closeAllConnections()
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    if (this.#server.listening) await new Promise(resolve => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.deadAt !== undefined) return this.#answerDead(response)
    const nth = ++this.requests
    const fault = this.#plan.requests.find(f => f.nth === nth)
    const act = this.#honestly(request)
    this.#log(
      `${nth}: ${request.method} ${request.url} ${request.headers.range ?? 'all'} → ${act.status} ${act.body?.length ?? 0}${fault ? `, ${fault.kind}` : ''}`,
    )
    if (fault?.kind === 'hang-up') return void response.destroy()
    if (fault?.kind === 'busy') return void response.writeHead(503, { 'retry-after': String(fault.retryAfter) }).end()
    await this.#give(act, fault, request, response)
  }

  #answerDead(response: ServerResponse): void {
    if (this.#how === 'busy') response.writeHead(503, { 'retry-after': '0' }).end()
    else response.destroy()
  }

  #honestly(request: IncomingMessage): Act {
    const { names } = this.#plan
    const file = this.#files[Number.parseInt((request.url ?? '').slice(1), 10)]
    if (file === undefined) return { status: 404 }
    const { body, etag, lastModified } = file[this.changedAt === undefined ? 0 : 1]
    return honest(request, body, {
      ...(names === 'etag' ? { etag } : {}),
      ...(names === 'date' ? { lastModified } : {}),
      ranges: names !== 'nothing',
    })
  }

  async #give(act: Act, fault: RequestFault | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const status = act.status ?? 200
    if (status === 304) return void response.writeHead(status, act.headers).end()
    let body: Buffer = Buffer.from((act.body as Uint8Array | string) ?? '')
    if (fault?.kind === 'range-lie' && status === 206) body = bent(body, fault.at)
    const said = body.length + (fault?.kind === 'wrong-length' ? Math.max(fault.by, -body.length) : 0)
    const length = this.#plan.hasLength || status !== 200 || said !== body.length ? { 'content-length': String(said) } : {}
    response.writeHead(status, { ...length, ...act.headers })
    if (request.method === 'HEAD') return void response.end()
    await this.#send(body, fault, response)
    if (said > body.length) response.destroy()
    else response.end()
  }

  async #send(body: Buffer, fault: RequestFault | undefined, response: ServerResponse): Promise<void> {
    const { rate } = this.#plan
    const step = rate === undefined ? CHUNK : Math.max(1, Math.round((rate * TICK_MS) / 1000))
    const breakAt = fault?.kind === 'reset' || fault?.kind === 'stall' ? Math.floor(fault.at * body.length) : Infinity
    let isDue = breakAt <= body.length
    for (let at = 0; at < body.length; ) {
      const end = Math.min(at + step, body.length, isDue && breakAt > at ? breakAt : Infinity)
      if (isDue && at >= breakAt) {
        isDue = false
        if (fault?.kind === 'reset') return void response.destroy()
        if (fault?.kind === 'stall') await sleep(fault.ms)
        continue
      }
      if (response.destroyed) return
      await write(response, body.subarray(at, end))
      this.#sent += end - at
      at = end
      this.#checkLasting()
      if (rate !== undefined) await sleep(TICK_MS)
    }
  }

  get #total(): number {
    return this.#plan.lengths.reduce((sum, length) => sum + length, 0)
  }

  #checkLasting(): void {
    for (const fault of this.#plan.lasting) {
      if (this.#sent < fault.afterCopies * this.#total) continue
      if (fault.kind === 'dead') this.die(fault.how)
      else if (this.changedAt === undefined) {
        this.changedAt = performance.now()
        this.#log(`changes after ${this.#sent} bytes`)
      }
    }
  }
}

async function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (response.write(bytes)) return
  await new Promise<void>(resolve => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

/** The same bytes but one. */
function bent(body: Buffer, at: number): Buffer {
  const copy = Buffer.from(body)
  const place = Math.min(Math.floor(at * copy.length), copy.length - 1)
  if (copy.length > 0) copy[place] = (copy[place] as number) ^ 0xff
  return copy
}
