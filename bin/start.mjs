// Checks Node before anything newer than 2020 is read, then hands over to the program named by the first argument.
import module from 'node:module'
import path from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { oldNode } from './node-version.mjs'

const old = oldNode()
if (old !== undefined) {
  process.stderr.write(
    `${process.env.DRAGONFLY_NAME || 'df'}: ${old}; install a newer one, or name one with DRAGONFLY_NODE=/path/to/node\n`,
  )
  process.exitCode = 2
} else {
  // Does nothing when NODE_COMPILE_CACHE names a folder already, or NODE_DISABLE_COMPILE_CACHE is set.
  const { HOME, XDG_CACHE_HOME } = process.env
  const cache = XDG_CACHE_HOME || (HOME && path.join(HOME, '.cache'))
  if (cache) module.enableCompileCache(path.join(cache, 'dragonfly', 'compile'))
  const [main] = process.argv.splice(2, 1)
  process.argv[1] = main
  await import(pathToFileURL(main).href)
}
