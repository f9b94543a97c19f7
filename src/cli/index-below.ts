// The indexes of folders on an HTTP server, as this host gets them.
import type { GetOptions, HeaderList, ReadPage, WalkStep } from '../index.ts'
import { UsageError } from './errors.ts'
import { type Command, withLogin } from './get-one.ts'

/** What is below a URL, as its server has it now. */
export async function* below(url: string, command: Command): AsyncGenerator<WalkStep> {
  const { walkIndex } = await import('../index.ts')
  const { level, maxFiles } = command.flags
  yield* walkIndex([url], pageOf(command), { level, maxFiles })
}

/** Through the node, as a content: by its proxies and limits, with what it knows of seeds; and as the origin has it now. */
export function pageOf({ node, options, headers }: Command): ReadPage {
  const { filter: _filter, range: _range, trace: _trace, explain: _explain, ...rest } = options
  return async url => {
    const { INDEX_PAGE_MS } = await import('../index.ts')
    const signal = AbortSignal.any([...(rest.signal ? [rest.signal] : []), AbortSignal.timeout(INDEX_PAGE_MS)])
    const attempt = (some: HeaderList) =>
      pageText(node.get(url, { ...rest, signal, keep: false, revalidate: true, ...given(some) }))
    return await withLogin(url, headers, attempt)
  }
}

function given(headers: HeaderList): Pick<GetOptions, 'headers'> {
  return headers.length === 0 ? {} : { headers }
}

async function pageText(stream: AsyncIterable<Uint8Array> & { receipt: Promise<unknown> }): Promise<string> {
  // the iteration throws the same error, and comes first
  stream.receipt.catch(() => {})
  const { MAX_INDEX_PAGE } = await import('../index.ts')
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    length += chunk.byteLength
    if (length > MAX_INDEX_PAGE) throw new UsageError('longer than 16 MiB: no index of a folder, and no Metalink')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
