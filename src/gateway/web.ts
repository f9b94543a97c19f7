// The live page. What serves it is loaded only where it was asked for.
import type { Service } from '../daemon/service.ts'
import type { Web, WebOptions } from './web/server.ts'

export type { Web, WebOptions } from './web/server.ts'

/** Serves the live page of a node. Rejects with `listen-failed`, or `store-error` when there is no token. */
export async function serveWeb(service: Service, options: WebOptions): Promise<Web> {
  return await (await import('./web/server.ts')).serveWeb(service, options)
}
