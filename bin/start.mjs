// Checks Node before anything newer than 2020 is read, then hands over to the program named by the first argument.
import fs from 'node:fs'
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
  const compiled = cache && path.join(cache, 'dragonfly', 'compile')
  if (compiled && isFolder(compiled)) module.enableCompileCache(compiled)
  const [main] = process.argv.splice(2, 1)
  process.argv[1] = main
  await import(pathToFileURL(main).href)
}

/** Made step by step when it is absent: where no folder can be made, as below /proc, Node's own way never ends (24.21). */
function isFolder(folder) {
  try {
    if (fs.statSync(folder, { throwIfNoEntry: false }) === undefined) {
      if (!isFolder(path.dirname(folder))) return false
      fs.mkdirSync(folder)
    }
    return true
  } catch {
    return false
  }
}
