// How the tests run: files side by side, for half of the time of most files is waiting for something outside.
const { availableParallelism } = require('node:os')

module.exports = {
  require: ['test/hooks.ts'],
  // a timeout only ends a hang: no test relies on how fast the machine is
  timeout: 300_000,
  exit: false,
  parallel: true,
  jobs: 2 * availableParallelism(),
  // On a busy CI machine a test is tried three times, and the reporter names those that needed it; at home every race shows.
  retries: process.env.CI ? 2 : 0,
  reporter: 'test/again-reporter.cjs',
}
