// Offers the origin to the swarm as one more neighbour, read by range.
import type { SwarmEvent } from '../../swarm/events.ts'
import type { RangeReader, SwarmDriver } from './swarm-driver.ts'

type Patience = Omit<Extract<SwarmEvent, { type: 'patience' }>, 'type'>

export class OriginOffer {
  #driver: SwarmDriver | undefined
  #reader: RangeReader | undefined
  #patientUntil = -Infinity
  #handoverUntil = -Infinity
  #areLost = false
  #rate: Extract<SwarmEvent, { type: 'origin-rate' }> | undefined

  /** Makes the origin a neighbour that the swarm asks when nobody else can give. */
  offer(reader: RangeReader): void {
    this.#reader = reader
    this.#driver?.offerOrigin(reader)
  }

  /** The swarm asks it no more. */
  withdraw(): void {
    this.#reader = undefined
    this.#driver?.withdrawOrigin()
  }

  /** What a seed that we asked says of the origin: bytes a second, and how many peers listen to it. 0: not known. */
  tellRate(rate: number, peers: number): void {
    if (rate === 0) return
    this.#rate = { type: 'origin-rate', rate: rate / 1000, peers }
    this.#driver?.tell(this.#rate)
  }

  /**
   * Silence is no reason to ask it for so long, milliseconds; `handoverMs`: whatever the seeds have that are linked. `areLost`: none of them
   * is of use any more.
   */
  wait({ ms, handoverMs, areLost = false }: Patience): void {
    const now = performance.now()
    this.#patientUntil = now + ms
    this.#handoverUntil = now + handoverMs
    this.#areLost = areLost
    this.#driver?.tell({ type: 'patience', ms, handoverMs, areLost })
  }

  /** There is a swarm now: it is told what came before it. */
  begin(driver: SwarmDriver): void {
    this.#driver = driver
    if (this.#reader !== undefined) driver.offerOrigin(this.#reader)
    if (this.#rate !== undefined) driver.tell(this.#rate)
    const now = performance.now()
    const [ms, handoverMs] = [Math.max(0, this.#patientUntil - now), Math.max(0, this.#handoverUntil - now)]
    const areLost = this.#areLost
    if (ms > 0 || handoverMs > 0 || areLost) driver.tell({ type: 'patience', ms, handoverMs, areLost })
  }
}
