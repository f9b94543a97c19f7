// Encodes and decodes the parts of a manifest: version, digests, head, seal.
import type { ManifestHead, Seal, VersionInfo } from '../core/manifest.ts'
import { isPieceLength, PIECE_DIGEST_LENGTH, pieceCountOf } from '../core/piece.ts'
import { bytesField, cidTextField, decoding, encoding, fileNameField, integerField, malformed, textField } from './fields.ts'
import { Head, type ManifestPart as RawPart, type Seal as RawSeal } from './generated/messages.js'
import { LIMITS } from './limits.ts'

/** Digests of the pieces `from`, `from + 1`, … */
export interface ManifestPart {
  from: number
  /** One behind the other: an object for each would take four times its bytes. */
  digests: Uint8Array
}

/** A version's fields as the generated code has them. */
interface RawVersion {
  version: string
  pieceLength: number
  length?: number
  fileName: string
}

export function versionToWire(info: Omit<VersionInfo, 'task'>): RawVersion {
  checkVersion(info)
  const { version, pieceLength, length, fileName } = info
  return { version, pieceLength, fileName: fileNameField(fileName), ...(length === undefined ? {} : { length }) }
}

export function versionFromWire(raw: RawVersion): Omit<VersionInfo, 'task'> {
  const length = raw.length === undefined ? undefined : raw.length
  const info = { version: raw.version, pieceLength: raw.pieceLength, length, fileName: fileNameField(raw.fileName) }
  checkVersion(info)
  return info
}

function checkVersion({ version, pieceLength, length }: Omit<VersionInfo, 'task'>): void {
  textField(version, LIMITS.version, 'version')
  if (version === '') throw malformed('version without a name')
  if (!isPieceLength(pieceLength)) throw malformed(`piece length of ${pieceLength}`)
  if (length !== undefined) checkLength(length, pieceLength)
}

function checkLength(length: number, pieceLength: number): void {
  integerField(length, 0, Number.MAX_SAFE_INTEGER, 'length')
  integerField(pieceCountOf(length, pieceLength), 0, LIMITS.pieces, 'number of pieces')
}

export function partToWire({ from, digests }: ManifestPart): RawPart {
  checkPart(from, digests.byteLength / PIECE_DIGEST_LENGTH)
  return { from, digests: new Uint8Array(digests) }
}

export function partFromWire(raw: RawPart): ManifestPart {
  checkPart(raw.from, raw.digests.byteLength / PIECE_DIGEST_LENGTH)
  return { from: raw.from, digests: new Uint8Array(raw.digests) }
}

function checkPart(from: number, count: number): void {
  integerField(count, 0, LIMITS.partDigests, 'number of digests')
  integerField(from, 0, LIMITS.pieces - count, 'index of the first digest')
}

export function sealToWire(seal: Seal): RawSeal {
  const { length, sha256, root } = checkSeal(seal)
  return { length, sha256: new Uint8Array(sha256), root }
}

export function sealFromWire(raw: RawSeal): Seal {
  return checkSeal({ length: raw.length, sha256: raw.sha256, root: raw.root })
}

/** Whether length and pieces fit one another is checked where the manifest is (core/manifest.ts). */
function checkSeal({ length, sha256, root }: Seal): Seal {
  return {
    length: integerField(length, 0, Number.MAX_SAFE_INTEGER, 'length'),
    sha256: bytesField(sha256, 32, 32, 'sha2-256'),
    root: cidTextField(root, 'root'),
  }
}

/** What a seed signs; see envelope.ts. */
export function encodeHead(head: ManifestHead): Uint8Array {
  return encoding(LIMITS.envelope, () =>
    Head.encode({
      ...versionToWire(head),
      task: cidTextField(head.task, 'task'),
      count: integerField(head.count, 0, LIMITS.pieces, 'count'),
      chain: bytesField(head.chain, 32, 32, 'chain'),
      ...(head.seal === undefined ? {} : { seal: sealToWire(head.seal) }),
    }),
  )
}

/** Throws `protocol`. */
export function decodeHead(bytes: Uint8Array): ManifestHead {
  return decoding(bytes, LIMITS.envelope, input => {
    const raw = Head.decode(input)
    return {
      task: cidTextField(raw.task, 'task'),
      ...versionFromWire(raw),
      count: integerField(raw.count, 0, LIMITS.pieces, 'count'),
      chain: bytesField(raw.chain, 32, 32, 'chain'),
      seal: raw.seal === undefined ? undefined : sealFromWire(raw.seal),
    }
  })
}
