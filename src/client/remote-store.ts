// The stored contents of a daemon, looked after over its socket.
import type { ContentStatus, DiskStatus, Removed, SeedStatus } from '../node/api/status.ts'
import type { StoreAdmin } from '../node/api/store-admin.ts'
import type { Connection } from './connection.ts'

/** Contents in one answer: as many as the API gives. */
export const MAX_CONTENTS = 10_000

export class RemoteStore implements StoreAdmin {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async contents(): Promise<ContentStatus[]> {
    const answer = await this.#connection.ask('GET', `/v1/contents?limit=${MAX_CONTENTS}`)
    return (answer as { contents: ContentStatus[] }).contents
  }

  async disk(): Promise<DiskStatus | undefined> {
    return ((await this.#connection.ask('GET', '/v1/status?limit=0')) as SeedStatus).disk
  }

  async remove(idOrUrl: string): Promise<Removed> {
    return (await this.#connection.ask('DELETE', contentPath(idOrUrl))) as Removed
  }

  async gc(): Promise<Removed & { broken: number }> {
    return (await this.#connection.ask('POST', '/v1/gc')) as Removed & { broken: number }
  }

  async pin(idOrUrl: string, isPinned: boolean): Promise<string> {
    const answer = await this.#connection.ask(isPinned ? 'PUT' : 'DELETE', `${contentPath(idOrUrl)}/pin`)
    return (answer as { id: string }).id
  }
}

function contentPath(idOrUrl: string): string {
  return `/v1/contents/${encodeURIComponent(idOrUrl)}`
}
