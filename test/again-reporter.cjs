// The spec reporter, and at its end every test that passed only when it was tried again: a race to be mended.
const { reporters, Runner } = require('mocha')

module.exports = class AgainReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    const again = []
    runner.on(Runner.constants.EVENT_TEST_RETRY, (test, error) => {
      again.push(`  tried again: ${test.fullTitle()}: ${error?.message ?? error}`)
    })
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      if (again.length > 0) console.log(again.join('\n'))
    })
  }
}
