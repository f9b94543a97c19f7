// Around every test file: the clock goes back to where it was, and nothing may be left running.
import { setTimeout as sleep } from 'node:timers/promises'
import { restoreClock } from './clock.ts'

/** The runner's own: its channel to the main process, the terminal. Pipes to a child go with the child. */
const RUNNER = new Set(['PipeWrap', 'TTYWrap'])
/** Looks before something counts as left running, and the pause between them, ms: what was told to end needs a moment. */
const LOOKS = 6000
const PAUSE_MS = 10

// Origins of the tests are on loopback, which is no exception for a proxy.
for (const name of ['http_proxy', 'https_proxy', 'all_proxy']) {
  delete process.env[name]
  delete process.env[name.toUpperCase()]
}

export const mochaHooks = {
  afterEach: restoreClock,

  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(0)
    await sleep(0)
    let left = running()
    for (let looks = 0; left.length > 0 && looks < LOOKS; looks++) {
      await sleep(PAUSE_MS)
      left = running()
    }
    if (left.length > 0) throw new Error(`still running when the tests are over: ${left.join(', ')}`)
  },
}

/** What keeps this process alive. One timer is mocha's own: the timeout of the hook that asks. */
function running(): string[] {
  const found = process.getActiveResourcesInfo().filter(type => !RUNNER.has(type))
  const own = found.indexOf('Timeout')
  return own === -1 ? found : found.toSpliced(own, 1)
}
