// Waits for facts. Only a hang ends a wait otherwise, and then it says what did not happen.

/** After so long nothing more will happen, ms: below mocha's own timeout, so that the message names the fact. */
export const HANG_MS = 240_000

/** Resolves when `isSo`; looks again at every turn of the event loop, so that what is waited for can happen. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const end = process.hrtime.bigint() + BigInt(HANG_MS) * 1_000_000n
  while (!isSo()) {
    if (process.hrtime.bigint() > end) throw new Error(`this does not happen: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}
