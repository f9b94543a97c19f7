// Moves the clocks of this process ahead, so that no test waits for time to pass. Timers keep running as before.

const real = { performance: performance.now.bind(performance), date: Date.now }
let ahead = 0

/** `performance.now()` and `Date.now()` jump ahead by so many milliseconds, until the test is over. */
export function passTime(ms: number): void {
  ahead += ms
  performance.now = () => real.performance() + ahead
  Date.now = () => real.date() + ahead
}

/** Both clocks tell the time again. */
export function restoreClock(): void {
  ahead = 0
  performance.now = real.performance
  Date.now = real.date
}
