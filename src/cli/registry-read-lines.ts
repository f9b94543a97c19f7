// Prints where the time of the latest reads of registries through the gateway went (df daemon status --explain). Pure.
import type { RegistryRead } from '../index.ts'
import { printable } from './errors.ts'
import { bytes, seconds, shares } from './figures.ts'

/** Characters of a digest that tell it from others. */
const SHORT_DIGEST = 19

export function registryReadLines(reads: readonly RegistryRead[]): string[] {
  if (reads.length === 0) return ['nothing was read of a registry through the gateway since the start']
  return ['registry reads through the gateway, the latest first:', ...reads.flatMap(readLines)]
}

function readLines({ at, registry, repository, kind, reference, ...read }: RegistryRead): string[] {
  const what = reference.startsWith('sha256:') ? reference.slice(0, SHORT_DIGEST) : reference
  const clock = new Date(at).toTimeString().slice(0, 8)
  return [printable(`${clock} ${registry}/${repository} ${kind} ${what}`), `  ${[...times(read), ...givers(read)].join(', ')}`]
}

type Read = Omit<RegistryRead, 'at' | 'registry' | 'repository' | 'kind' | 'reference'>

function times({ seconds: all, firstByte, token, status, isBrokenOff }: Read): string[] {
  return [
    all === undefined ? 'under way' : time(all),
    ...(token > 0 ? [`token ${time(token)}`] : []),
    firstByte === undefined ? 'no byte' : `first byte after ${time(firstByte)}`,
    ...(isBrokenOff ? ['the engine hung up'] : []),
    ...(status >= 400 ? [`status ${status}`] : []),
  ]
}

function givers({ bytes: given, from }: Read): string[] {
  if (from === undefined) return [bytes(given)]
  const { origin, peers, seeds, store } = from
  return [`${bytes(given)} from ${shares({ fromOrigin: origin, fromPeers: peers, fromSeeds: seeds, resumed: store })}`]
}

/** Milliseconds below a second. */
function time(s: number): string {
  return s < 0.9995 ? `${Math.round(s * 1000)} ms` : seconds(s)
}
