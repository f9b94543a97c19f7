// Answers every ask with bytes of its own choice.
import type { Link } from '../../src/net/link.ts'

export type OnAsk = (piece: number, link: Link) => void

/** Gives pieces of `body`, whatever content was asked for. */
export function givesPiecesOf(body: Uint8Array, pieceLength: number): OnAsk {
  return (piece, link) => void link.give(piece, body.slice(piece * pieceLength, (piece + 1) * pieceLength)).catch(() => {})
}

/** Gives the same bytes for every piece. */
export function givesAlways(bytes: Uint8Array): OnAsk {
  return (piece, link) => void link.give(piece, bytes).catch(() => {})
}
