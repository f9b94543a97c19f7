// Tells the node which neighbours of a swarm let it down, and which of them have given since.
import type { SwarmAction, SwarmEvent } from '../../swarm/events.ts'
import type { NodeContext } from '../context/node-context.ts'
import { ORIGIN } from './swarm-driver.ts'
import type { SwarmObserver } from './swarm-observer.ts'

export class SnubObserver implements SwarmObserver {
  readonly #ctx: Pick<NodeContext, 'isolation'>

  constructor(ctx: Pick<NodeContext, 'isolation'>) {
    this.#ctx = ctx
  }

  told(event: SwarmEvent, at: number, actions: readonly SwarmAction[]): void {
    if (event.type === 'received') this.#ctx.isolation.gave(event.peer)
    for (const action of actions) {
      if (action.type === 'snub' && action.peer !== ORIGIN) this.#ctx.isolation.letDown(action.peer, action.why, at)
    }
  }
}
