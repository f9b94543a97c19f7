// A process of nodes and villains, which does what the harness orders over IPC and ends with it.
import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { ManifestHead, Seal } from '../../src/core/manifest.ts'
import { choosePieceLength, sha256 } from '../../src/core/piece.ts'
import { makeTask } from '../../src/core/task.ts'
import type { DragonflyNode } from '../../src/node/api/dragonfly-node.ts'
import type { GetOptions } from '../../src/node/api/get-options.ts'
import type { Receipt } from '../../src/node/api/receipt.ts'
import { createNode } from '../../src/node/node.ts'
import { claimsAll } from '../../test/malicious/claims-all.ts'
import { tellManifest } from '../../test/malicious/forges-manifest.ts'
import { givesPiecesOf } from '../../test/malicious/gives-bytes.ts'
import { type Behaviour, ScriptedPeer } from '../../test/malicious/scripted-peer.ts'
import { PIECE } from '../../test/world/content.ts'
import { manifestOf } from '../../test/world/manifest.ts'
import { contentOf } from './content.ts'
import type { DownloadOrder, Message, NodeOrder, Order, Started, Told, VillainOrder } from './orders.ts'

/** A villain tries so often to be let in, with so many milliseconds between. */
const VISITS = 20
const VISIT_MS = 300

const nodes = new Map<string, DragonflyNode>()
const villains = new Map<string, ScriptedPeer>()

process.on('message', ({ id, order }: { id: number; order: Order }) => {
  perform(order).then(
    value => say({ type: 'answer', id, value }),
    error => say({ type: 'failure', id, message: String(error?.stack ?? error) }),
  )
})
process.on('disconnect', () => process.exit())

function say(message: Message): void {
  if (process.connected) process.send?.(message)
}

async function perform(order: Order): Promise<unknown> {
  if (order.do === 'node') return await startNode(order)
  if (order.do === 'download') return await download(order)
  if (order.do === 'villain') return await startVillain(order)
  if (order.do === 'meet') return void visit(order.name, order.address)
  await nodes.get(order.name)?.stop()
  await villains.get(order.name)?.stop()
  nodes.delete(order.name)
  villains.delete(order.name)
  return undefined
}

async function startNode({ name, options, isSeed }: NodeOrder): Promise<Started> {
  const node = await createNode({ ...options, onEvent: event => say({ type: 'event', name, message: event.message }) })
  nodes.set(name, node)
  if (isSeed) await node.seed()
  return { address: node.addresses[0] ?? '' }
}

async function download({ name, url, path, digest, origin, limitMs, isStream }: DownloadOrder): Promise<Told> {
  try {
    const signal = AbortSignal.timeout(limitMs)
    const options = { origin, signal, ...(digest === undefined ? {} : { digest }) }
    const node = nodes.get(name) as DragonflyNode
    return { receipt: await (isStream ? stream(node, url, path, options) : node.download(url, path, options)) }
  } catch (error) {
    const { code, message, stack } = error as Error & { code?: string }
    return { code: code ?? 'none', message: code === undefined || code === 'internal' ? `${message}\n${stack}` : message }
  }
}

/** What has been given when it fails stays. */
async function stream(node: DragonflyNode, url: string, path: string, options: GetOptions): Promise<Receipt> {
  const content = node.get(url, options)
  content.receipt.catch(() => {})
  await pipeline(content, createWriteStream(`${path}.part`))
  await rename(`${path}.part`, path)
  return await content.receipt
}

// ---- villains

async function startVillain(order: VillainOrder): Promise<Started> {
  const hostileOrigin = await ScriptedPeer.start(makeTask({ url: order.url, headers: [] }), behaviourOf(order))
  villains.set(order.name, hostileOrigin)
  return { address: hostileOrigin.address }
}

function behaviourOf({ kind, key, length, hasLength, version }: VillainOrder): Behaviour {
  const body = contentOf(key, length)
  const pieceLength = choosePieceLength(hasLength ? length : undefined)
  if (kind === 'forger') {
    const fake = contentOf(`${key} forged`, length)
    // to whoever has been given a digest it looks right, until the whole is there
    const claimsDigest = (head: ManifestHead) => ({ ...head, seal: { ...(head.seal as Seal), sha256: sha256(body) } })
    return {
      met: (link, hostileOrigin) =>
        tellManifest(link, hostileOrigin, manifestOf(hostileOrigin.task, fake, { version }), claimsDigest).catch(() => {}),
      ask: givesPiecesOf(fake, PIECE),
    }
  }
  const claims = claimsAll(Math.max(1, Math.ceil(length / pieceLength)))
  const lie = (piece: number) => pieceOf(body, piece, pieceLength).map((byte, i) => (i === 0 ? byte ^ 1 : byte))
  return {
    met: (link, hostileOrigin) => claims(undefined, link, hostileOrigin),
    message: claims,
    ...(kind === 'liar' ? { ask: (piece, link) => void link.give(piece, lie(piece)).catch(() => {}) } : {}),
  }
}

function pieceOf(body: Buffer, piece: number, pieceLength: number): Uint8Array {
  return new Uint8Array(body.subarray(piece * pieceLength, (piece + 1) * pieceLength))
}

/** Dials until it is let in, is gone, or has had enough. */
function visit(name: string, address: string, left = VISITS): void {
  villains
    .get(name)
    ?.say(address)
    .catch(() => left > 0 && setTimeout(() => visit(name, address, left - 1), VISIT_MS))
}
