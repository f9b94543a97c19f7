// Checks Node before anything newer than 2020 is read, then hands over to the program named by the first argument.
// CommonJS, and what was built too: the loader of ES modules alone takes 10 ms, and an import of node:fs or node:http reads every
// export of it, which loads a good part of Node.
'use strict'
const NEEDED = [22, 19]
/** Of a file of the cache: a checksum of all that follows it, and `COMMAND:MS` of each command whose functions are in it. */
const HEADER_BYTES = 512
const CHECKSUM_CHARACTERS = 8
/** A command that stays saves what its start has compiled after this time, ms. */
const START_MS = 3000
/** A run that took so many times as much CPU as the longest one that was saved, and so many ms more, has called more functions. */
const LONGER = 1.5
const LONGER_MS = 100
/** Files of other versions are removed after this time, ms. */
const KEPT_MS = 30 * 24 * 3600 * 1000

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
  const compiled = cacheFolder(process.env)
  const main = process.argv.splice(2, 1)[0]
  process.argv[1] = main
  if (main.endsWith('.cjs')) {
    if (compiled) keepCode(compiled, path.dirname(path.resolve(main)))
    require(path.resolve(main))
  } else {
    if (compiled) require('module').enableCompileCache(compiled)
    import(require('url').pathToFileURL(main).href)
  }
}

/** Undefined: compiled code is not cached, or where Node's own variables say. */
function cacheFolder({ HOME, XDG_CACHE_HOME, NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE, NODE_V8_COVERAGE }) {
  if (NODE_COMPILE_CACHE || NODE_DISABLE_COMPILE_CACHE || NODE_V8_COVERAGE) return undefined
  const path = require('path')
  const cache = XDG_CACHE_HOME || (HOME && path.join(HOME, '.cache'))
  const compiled = cache && path.join(cache, 'dragonfly', 'compile')
  return compiled && isFolder(compiled) && isOurs(compiled) ? compiled : undefined
}

/**
 * Loads the files of the program with the bytecode of all functions that earlier runs have called. Node's compile cache keeps a file as
 * it is before anything of it is called: nearly all functions were compiled anew at each start, which took a quarter of its CPU.
 */
function keepCode(folder, program) {
  const fs = require('fs')
  const path = require('path')
  const vm = require('vm')
  const { createRequire } = require('module')
  const { crc32 } = require('zlib')
  const hex = data => crc32(data).toString(16).padStart(CHECKSUM_CHARACTERS, '0')
  const { arch, execArgv, version, env } = process
  // V8 takes no code that was compiled with other flags
  const engine = hex([version, arch, env.NODE_OPTIONS, ...execArgv].join(' '))
  const command = /^[a-z]{1,12}$/.test(process.argv[2]) ? process.argv[2] : '-'
  const loaded = []
  let hasNews = false
  /** CPU of the longest run of this command that was saved, ms. */
  let longest = Infinity

  require.extensions['.cjs'] = (module, file) => {
    if (path.dirname(file) !== program) return require.extensions['.js'](module, file)
    const bytes = fs.readFileSync(file)
    const kept = path.join(folder, `${path.basename(file)}-${hex(bytes)}-${engine}.code`)
    const { commands, cachedData } = read(kept)
    // what is built is ASCII
    const script = new vm.Script(`(function (exports, require, module, __filename, __dirname) {${bytes.latin1Slice()}\n})`, {
      filename: file,
      cachedData,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    })
    const isKnown = cachedData !== undefined && !script.cachedDataRejected && commands.has(command)
    if (isKnown) longest = Math.min(longest, commands.get(command))
    else hasNews = true
    loaded.push({ script, kept, commands, length: cachedData === undefined ? 0 : cachedData.length })
    const evaluate = script.runInThisContext()
    return evaluate.call(module.exports, module.exports, createRequire(file), module, file, path.dirname(file))
  }
  setTimeout(save, START_MS).unref()
  process.on('exit', () => {
    save()
    saveMore()
  })

  function read(kept) {
    try {
      const bytes = fs.readFileSync(kept)
      if (bytes.latin1Slice(0, CHECKSUM_CHARACTERS) === hex(bytes.subarray(CHECKSUM_CHARACTERS))) {
        const words = bytes.latin1Slice(CHECKSUM_CHARACTERS, HEADER_BYTES).trim().split(' ')
        const commands = new Map(words.map(word => word.split(':')).map(([name, ms]) => [name, Number(ms)]))
        return { commands, cachedData: bytes.subarray(HEADER_BYTES) }
      }
    } catch (_error) {}
    return { commands: new Map() }
  }

  function cpu() {
    const { user, system } = process.cpuUsage()
    return Math.round((user + system) / 1000)
  }

  /** All files, when one of them is new or knows nothing of this command: another file may have called new functions of it. */
  function save() {
    if (!hasNews) return
    hasNews = false
    longest = cpu()
    attempt(() => {
      for (const { script, kept, commands } of loaded) write(kept, commands, script.createCachedData())
      for (const name of fs.readdirSync(folder)) {
        const file = path.join(folder, name)
        if (/\.code(\.\d+)?$/.test(name) && fs.statSync(file).mtimeMs < Date.now() - KEPT_MS) fs.rmSync(file)
      }
    })
  }

  /**
   * A longer run: a download from many peers calls functions that the first one from the origin did not. V8 drops code that was not called
   * for long, so that what has become less is left as it was.
   */
  function saveMore() {
    const used = cpu()
    if (used < longest * LONGER || used < longest + LONGER_MS) return
    attempt(() => {
      const codes = loaded.map(({ script }) => script.createCachedData())
      const hasMore = sum(codes) > sum(loaded)
      for (const [i, { kept, commands }] of loaded.entries()) {
        write(kept, commands, hasMore ? codes[i] : fs.readFileSync(kept).subarray(HEADER_BYTES))
      }
    })
  }

  function sum(parts) {
    return parts.reduce((all, { length }) => all + length, 0)
  }

  /** When it fails, the next start compiles again. */
  function attempt(work) {
    try {
      work()
    } catch (_error) {}
  }

  function write(kept, commands, code) {
    const header = Buffer.alloc(HEADER_BYTES, ' ')
    commands.set(command, Math.max(cpu(), commands.get(command) || 0))
    const words = [...commands].map(pair => pair.join(':'))
    header.write(` ${words.join(' ')}`, CHECKSUM_CHARACTERS)
    const bytes = Buffer.concat([header, code])
    bytes.write(hex(bytes.subarray(CHECKSUM_CHARACTERS)))
    const fresh = `${kept}.${process.pid}`
    fs.writeFileSync(fresh, bytes, { mode: 0o600 })
    fs.renameSync(fresh, kept)
  }
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
