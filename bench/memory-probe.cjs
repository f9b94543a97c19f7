// Loaded into a process that is measured (NODE_OPTIONS=--require): writes what V8 says of its memory once a second, as NDJSON, to the file
// DRAGONFLY_BENCH_MEMORY names. With DRAGONFLY_BENCH_GC it collects garbage first, so that only what is held counts.
const { appendFileSync } = require('node:fs')
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')

const file = process.env.DRAGONFLY_BENCH_MEMORY
let collect = () => {}
if (process.env.DRAGONFLY_BENCH_GC !== undefined) {
  setFlagsFromString('--expose-gc')
  collect = runInNewContext('gc')
}
if (file !== undefined) {
  setInterval(() => {
    collect()
    appendFileSync(file, `${JSON.stringify(process.memoryUsage())}\n`)
  }, 1000).unref()
}
