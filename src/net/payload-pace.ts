// What holds payload back where the rate of this host is limited.

export interface PayloadPace {
  /** Most bytes to move as one; Infinity: there is no limit. */
  part(direction: 'up' | 'down'): number
  /**
   * Resolves when so many bytes may be moved; undefined: at once. `onHeld` is told of the milliseconds of waiting, several
   * times while that is long.
   */
  pass(direction: 'up' | 'down', bytes: number, onHeld?: (ms: number) => void): Promise<void> | undefined
}

/** Bytes that are taken from a stream ahead of what may pass, milliseconds of the rate. */
const AHEAD_PARTS = 8
const MIN_AHEAD = 64 * 1024

/** Bytes that may be taken from a stream before they may pass. */
export function readAhead(pace: PayloadPace | undefined, most: number): number {
  return Math.min(most, Math.max(MIN_AHEAD, AHEAD_PARTS * (pace?.part('down') ?? Infinity)))
}
