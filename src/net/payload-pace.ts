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
