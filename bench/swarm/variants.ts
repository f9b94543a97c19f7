// The faults that can be injected while a swarm runs, and the tools that each one applies to.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ToolName, Variant } from './options.ts'
import type { Participant } from './participant.ts'
import type { Swarm } from './tools/tool.ts'

/** Runs beside the swarm from the go on. */
export type Trouble = (swarm: Swarm, peers: readonly Participant[], signal: AbortSignal) => Promise<void>

/** `halfMs`: when a swarm at its bound would be half done. */
export function troubleOf(variant: Variant, halfMs: number): Trouble {
  switch (variant) {
    case 'peer-killed':
      return async (_swarm, peers, signal) => {
        await sleep(halfMs, undefined, { signal })
        await peers[Math.floor(peers.length / 2)]?.kill()
      }
    case 'seed-killed':
      return async ({ seed }, _peers, signal) => {
        await sleep(halfMs, undefined, { signal })
        await seed?.kill()
      }
    case 'liar':
      return async ({ liar }) => liar?.tell('go')
    default:
      return async () => {}
  }
}

/** Why a tool has no part in a variant; undefined when it has. */
export function excuse(tool: ToolName, variant: Variant): string | undefined {
  if (variant === 'seed-killed' && tool === 'curl') return 'it has no seed'
  if (variant === 'slow-origin' && tool !== 'df' && tool !== 'curl') return 'its seed has the whole file from the start'
  if (variant === 'liar' && tool !== 'df') return 'the liar speaks the protocol of df'
  return undefined
}
