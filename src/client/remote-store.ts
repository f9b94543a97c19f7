// The stored contents of a daemon, looked after over its socket.
import { DragonflyError } from '../core/errors.ts'
import type { ContentStatus, DiskStatus, Removed, SeedStatus } from '../node/api/status.ts'
import type { StoreAdmin } from '../node/api/store-admin.ts'
import type { VerifyLine } from '../node/api/verification.ts'
import { type Connection, errorOf } from './connection.ts'

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

  verify(idsOrUrls?: readonly string[], signal?: AbortSignal): AsyncIterable<VerifyLine> {
    const body = idsOrUrls === undefined ? {} : { contents: idsOrUrls }
    return told(this.#connection.lines('POST', '/v1/verify', { body, signal }))
  }

  async pin(idOrUrl: string, isPinned: boolean): Promise<string> {
    const answer = await this.#connection.ask(isPinned ? 'PUT' : 'DELETE', `${contentPath(idOrUrl)}/pin`)
    return (answer as { id: string }).id
  }
}

/** The lines as they come; one that tells an error ends it. */
async function* told(lines: AsyncIterable<object>): AsyncGenerator<VerifyLine> {
  for await (const line of lines as AsyncIterable<VerifyLine | ({ type: 'error' } & Parameters<typeof errorOf>[0])>) {
    if (line.type === 'error') throw errorOf(line)
    yield line
    if (line.type === 'done') return
  }
  throw new DragonflyError('no-daemon', 'the daemon has gone', { retryable: true })
}

function contentPath(idOrUrl: string): string {
  return `/v1/contents/${encodeURIComponent(idOrUrl)}`
}
