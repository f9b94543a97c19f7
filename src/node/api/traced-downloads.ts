// Has every download of a node, or of a daemon's client, be a span.
import { streamInSpan } from '../../core/opentelemetry.ts'
import type { Attributes, SpanOf } from '../../core/span.ts'
import { withoutSecrets } from '../../core/task.ts'
import { traced } from '../../core/tracing.ts'
import type { ContentStream, DragonflyNode } from './dragonfly-node.ts'
import type { Receipt } from './receipt.ts'

/** Replaces the methods that download. Only where there is somebody to see the spans: see `isTracing`. */
export function traceDownloads<N extends Pick<DragonflyNode, 'get' | 'download' | 'fetch'>>(node: N): N {
  const plain = { get: node.get.bind(node), download: node.download.bind(node), fetch: node.fetch.bind(node) }
  const told = (url: string, work: () => Promise<Receipt>) =>
    traced(spanOf(url), async span => {
      const receipt = await work()
      span.set(resultOf(receipt))
      return receipt
    })
  node.download = (url, ...rest) => told(url, () => plain.download(url, ...rest))
  node.fetch = (url, ...rest) => told(url, () => plain.fetch(url, ...rest))
  node.get = (url, ...rest): ContentStream => {
    const stream = plain.get(url, ...rest)
    const result = async () => resultOf(await stream.receipt)
    return { ...stream, [Symbol.asyncIterator]: () => streamInSpan(spanOf(url), stream, result) }
  }
  return node
}

function spanOf(url: string): SpanOf {
  return { name: 'dragonfly.get', attributes: () => ({ 'url.full': withoutSecrets(url) }) }
}

function resultOf({ bytes, fromOrigin, fromSeeds, fromPeers, resumed }: Receipt): Attributes {
  return {
    'dragonfly.bytes': bytes,
    'dragonfly.bytes.from_origin': fromOrigin,
    'dragonfly.bytes.from_seeds': fromSeeds,
    'dragonfly.bytes.from_peers': fromPeers,
    'dragonfly.bytes.resumed': resumed,
  }
}
