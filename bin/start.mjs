// Checks Node before anything newer than 2020 is parsed, then hands over to the program named by the first argument.
import module from 'node:module'
import path from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const NEEDED = [22, 19]
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(
    `${process.env.DRAGONFLY_NAME || 'df'}: needs Node ${NEEDED.join('.')} or newer and found ${process.versions.node} (${process.execPath}); ` +
      'install a newer one, or name one with DRAGONFLY_NODE=/path/to/node\n',
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
