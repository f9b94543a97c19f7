// Digests as people write them: sha256:HEX, sha-256=HEX (aria2), or 64 hexadecimal digits (sha256sum).
import { UsageError } from './errors.ts'

/** `sha256:HEX`, as the library takes it. Throws a UsageError. */
export function digestOf(text: string): string {
  const [, name, hex] = /^(?:([a-z\d-]+)[:=])?([\da-f]+)$/i.exec(text.trim()) ?? []
  const algorithm = name?.toLowerCase().replace('-', '') ?? 'sha256'
  if (hex !== undefined && algorithm !== 'sha256') {
    throw new UsageError(`a digest by ${name}, which is not checked`, 'give the sha256 of the content, sha256:HEX', 'bad-digest')
  }
  if (hex?.length === 64) return `sha256:${hex.toLowerCase()}`
  throw new UsageError(
    `not a digest: ${JSON.stringify(text.slice(0, 100))}`,
    'write sha256: followed by 64 hexadecimal digits',
    'bad-digest',
  )
}
