// Checks Node before anything newer than 2020 is read, then hands over to the program named by the first argument.
// CommonJS, and what was built too: the loader of ES modules alone takes 10 ms, and an import of node:fs or node:http reads every
// export of it, which loads a good part of Node.
'use strict'
const NEEDED = [22, 19]
const [major, minor] = process.versions.node.split('.').map(Number)

if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) {
  start()
} else {
  const name = process.env.DRAGONFLY_NAME || 'df'
  const found = `needs Node ${NEEDED.join('.')} or newer and found ${process.versions.node} (${process.execPath})`
  process.stderr.write(`${name}: ${found}; install a newer one, or name one with DRAGONFLY_NODE=/path/to/node\n`)
  process.exitCode = 2
}

function start() {
  const path = require('path')
  // Does nothing when NODE_COMPILE_CACHE names a folder already, or NODE_DISABLE_COMPILE_CACHE is set.
  const { HOME, XDG_CACHE_HOME } = process.env
  const cache = XDG_CACHE_HOME || (HOME && path.join(HOME, '.cache'))
  const compiled = cache && path.join(cache, 'dragonfly', 'compile')
  if (compiled && isFolder(compiled) && isOurs(compiled)) require('module').enableCompileCache(compiled)
  const main = process.argv.splice(2, 1)[0]
  process.argv[1] = main
  if (main.endsWith('.cjs')) require(path.resolve(main))
  else import(require('url').pathToFileURL(main).href)
}

/** Made step by step when it is absent: where no folder can be made, as below /proc, Node's own way never ends (24.21). */
function isFolder(folder) {
  const fs = require('fs')
  const path = require('path')
  try {
    if (fs.statSync(folder, { throwIfNoEntry: false }) === undefined) {
      if (!isFolder(path.dirname(folder))) return false
      fs.mkdirSync(folder, 0o700) // as the XDG specification has it
    }
    return true
  } catch (_error) {
    return false
  }
}

/** What others write there would run as us. What a lax umask left open is closed and made anew; what is another user's is left alone. */
function isOurs(folder) {
  if (!process.geteuid) return true
  const fs = require('fs')
  try {
    let wasOpen = false
    for (const each of [require('path').dirname(folder), folder]) {
      const { uid, mode } = fs.statSync(each)
      if (uid !== process.geteuid()) return false
      if ((mode & 0o022) === 0) continue
      fs.chmodSync(each, mode & 0o755)
      wasOpen = true
    }
    if (wasOpen) fs.rmSync(folder, { recursive: true })
    return !wasOpen || isFolder(folder)
  } catch (_error) {
    return false
  }
}
