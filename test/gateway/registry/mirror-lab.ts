// A registry mirror in this process, in front of a real registry.
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { EventFeed } from '../../../src/daemon/event-feed.ts'
import { Service } from '../../../src/daemon/service.ts'
import { type GatewayOptions, serveGateway } from '../../../src/gateway/gateway.ts'
import type { NodeOptions } from '../../../src/node/api/node-options.ts'
import type { World } from '../../world/world.ts'
import { missingPrograms } from '../auth/registry-lab.ts'

const TIES = { seeds: [], bootstrap: [], trust: [], route: '' }
/** What engines say that they take. */
export const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  '*/*',
].join(', ')
export const ALICE = `Basic ${Buffer.from('alice:s3cret').toString('base64')}`

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

/** On a connection of its own. */
export async function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const sent = httpRequest(url, { method, headers: { accept: ACCEPT, ...headers }, agent: false }, answer => {
    const parts: Buffer[] = []
    answer.on('data', part => parts.push(part))
    answer.on('error', reject)
    answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }))
  })
  sent.on('error', reject).end()
  return await promise
}

/** Its URL. Ends with the world. */
export async function startMirror(...setup: Parameters<typeof startMirrorOf>): Promise<string> {
  return (await startMirrorOf(...setup)).url
}

/** With what the daemon knows of it. */
export async function startMirrorOf(
  world: World,
  options: Partial<GatewayOptions> = {},
  more: NodeOptions = { network: false },
): Promise<{ url: string; service: Service }> {
  const { node } = await world.node({ store: 'memory', ...more })
  const service = new Service({ node, events: new EventFeed(), ties: TIES, version: '0.0.0', role: 'daemon' })
  const served = await serveGateway(service, { host: '127.0.0.1', port: 0, ...options })
  world.atEnd(() => served.close())
  return { url: served.url, service }
}

/** For `before`: loudly. */
export function skipWithoutRegistry(this: Mocha.Context): void {
  const missing = missingPrograms()
  if (missing.length === 0) return
  console.warn(`SKIPPED: not installed: ${missing.join(', ')}`)
  this.skip()
}
