// Asks the origin which version is current, where no seed is there to say it: a signed head stays signed when the content has changed.
import { DragonflyError } from '../../core/errors.ts'
import { hasName } from '../../core/version.ts'
import { isTrouble } from '../../origin/trouble.ts'
import type { NodeContext, Reader } from '../context/node-context.ts'
import type { ActiveTask } from '../session/active-task.ts'
import type { Current } from '../session/manifest-trust.ts'
import { originRequest } from '../session/origin-request.ts'

/** An origin that does not answer by then cannot be asked, ms: peers are heard before the selector would read the origin whole. */
const LOOK_MS = 3000

/** Decides whom an active task hears about its version while no seed has said which one is current. */
export class CurrentVersion {
  readonly #ctx: NodeContext
  readonly #active: ActiveTask
  readonly #reader: Reader | undefined
  /** Whether a seed has said it. */
  isNamed = false

  /** `reader`: for whom the origin may be asked; undefined: it may not. */
  constructor(ctx: NodeContext, active: ActiveTask, reader: Reader | undefined) {
    this.#ctx = ctx
    this.#active = active
    this.#reader = reader
  }

  /** Whether the origin can be asked, and needs to be: a digest says what the content is, and who believes nobody is told nothing. */
  get mayAsk(): boolean {
    return this.#reader !== undefined && this.#ctx.trusted.size > 1 && this.#active.wanted === undefined
  }

  /** Hears anybody; `isAlone`: after the origin was asked. Never rejects. */
  async hearAnybody(isAlone: boolean, signal: AbortSignal): Promise<void> {
    const current =
      isAlone && this.#reader !== undefined ? await currentAtOrigin(this.#ctx, this.#active, this.#reader, signal) : 'any'
    if (!this.isNamed) this.#active.setCurrent(current)
  }
}

/**
 * One byte is asked for. Resolves to `any` when the origin cannot be reached, or gives no validators: then nobody can tell old from
 * new. Resolves to `unknown` when it refuses: whatever peers have, the origin does not give it now. Never rejects.
 */
async function currentAtOrigin(
  ctx: Pick<NodeContext, 'origin'>,
  active: Pick<ActiveTask, 'task' | 'pace'>,
  reader: Reader,
  signal: AbortSignal,
): Promise<Current> {
  try {
    const origin = await ctx.origin(reader)
    const patience = AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)])
    const { validators } = await origin.look(originRequest(active), patience, { once: true })
    return hasName(validators) ? { validators } : 'any'
  } catch (error) {
    return hasRefused(error) ? 'unknown' : 'any'
  }
}

function hasRefused(error: unknown): boolean {
  if (isTrouble(error) || !(error instanceof DragonflyError)) return false
  // `origin-refused`: we are not allowed to ask
  return (error as DragonflyError).code.startsWith('origin-') && (error as DragonflyError).code !== 'origin-refused'
}
