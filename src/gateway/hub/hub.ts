// The hub of the gateway: what clients with HF_ENDPOINT=http://GATEWAY/hf ask a hub such as Hugging Face for.
import { randomUUID } from 'node:crypto'
import type { DragonflyNode } from '../../node/api/dragonfly-node.ts'
import type { Upstream, UpstreamAnswer } from '../../origin/upstream.ts'
import type { Guest, Handler } from '../front/guest.ts'
import { giveBack } from '../front/relay.ts'
import { isLocalName, isSelf } from '../registry/own-address.ts'
import { isLoopback } from '../registry/settings.ts'
import { headersForClient } from './answer-headers.ts'
import { askHub, type HubAsked } from './asked.ts'
import { FileFactsReader } from './file-facts.ts'
import { giveFile } from './files.ts'
import { parseHubTarget } from './routes.ts'
import { hubOf } from './settings.ts'

export interface HubSetup {
  node: Pick<DragonflyNode, 'get'>
  upstream: Upstream
  /** URL of the hub. Default Hugging Face. */
  hub: string | undefined
  /** The address that the gateway listens on. */
  listen: string
}

const REFUSALS = {
  misdirected: [421, 'the gateway is for this host: set HF_ENDPOINT=http://127.0.0.1:PORT/hf'],
  'not-a-path': [404, 'not a path of a hub'],
  loop: [508, 'the hub of this gateway is the gateway itself: check gateway.hub in config.json'],
  unreachable: [502, 'the hub cannot be reached'],
} as const

export class HubGateway {
  readonly #node: Pick<DragonflyNode, 'get'>
  readonly #upstream: Upstream
  readonly #hub: string
  readonly #isLocal: boolean
  readonly #facts = new FileFactsReader()
  readonly #via = `1.1 dragonfly-${randomUUID().slice(0, 13)}`

  /** Throws `bad-option`. */
  constructor({ node, upstream, hub, listen }: HubSetup) {
    this.#node = node
    this.#upstream = upstream
    this.#hub = hubOf(hub)
    this.#isLocal = isLoopback(listen)
  }

  readonly handle: Handler = async guest => {
    const { request } = guest
    // a web page whose name was made to point here must not read what this host may read
    if (this.#isLocal && !isLocalName(request.headers.host)) return refuse(guest, 'misdirected')
    const target = parseHubTarget(request.url ?? '')
    if (target === undefined) return refuse(guest, 'not-a-path')
    if (request.headers.via?.includes(this.#via) === true || isSelf(new URL(this.#hub), guest)) return refuse(guest, 'loop')
    const base = `http://${request.headers.host ?? ''}`
    const asked: HubAsked = { guest, target, hub: this.#hub, upstream: this.#upstream, base, via: this.#via }
    try {
      await this.#answer(asked)
    } catch {
      if (!guest.gone.aborted) refuse(guest, 'unreachable')
    }
  }

  async #answer(asked: HubAsked): Promise<void> {
    const { target, guest } = asked
    const { method } = guest.request
    if (target.file === undefined || (method !== 'GET' && method !== 'HEAD')) return await this.#pass(asked, await askHub(asked))
    const found = await this.#facts.read({ ...asked, file: target.file })
    if (found.kind === 'file') return await giveFile(this.#node, { ...asked, file: target.file }, found)
    if (method === 'HEAD') return await this.#pass(asked, found.answer)
    found.answer.body.on('error', () => {}).destroy()
    await this.#pass(asked, await askHub(asked))
  }

  async #pass({ guest, base }: HubAsked, answer: UpstreamAnswer): Promise<void> {
    await giveBack(guest, { ...answer, headers: headersForClient(answer.headers, this.#hub, base) })
  }
}

function refuse({ request, response }: Guest, why: keyof typeof REFUSALS): void {
  const [status, message] = REFUSALS[why]
  if (response.headersSent) return void response.destroy()
  const headers = {
    'content-type': 'text/plain',
    'x-error-message': message,
    'content-length': Buffer.byteLength(`${message}\n`),
  }
  response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : `${message}\n`)
}
