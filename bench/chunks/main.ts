// Gets a new version of a file over the old one: what moves, and what it costs, beside rsync and zsync, and beside a download of all of it.
import { execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CHUNK_ENTRY_BYTES, decodeChunks, digestKey, encodeChunk } from '../../src/core/chunk-list.ts'
import { chooseChunkAverage } from '../../src/core/chunks.ts'
import { type ReadAt, scanChunks } from '../../src/transfer/chunk-scan.ts'
import { ReusePlan } from '../../src/transfer/reuse-plan.ts'
import { DF, Lab } from '../../test/e2e/lab.ts'
import { parseSize } from '../material.ts'
import { cpuSecondsOf, measure } from '../process.ts'
import { circumstances, MiB, publish, table } from '../report.ts'
import { checkpoints, indexes, layers, type Pair } from './pairs.ts'

const { values } = parseArgs({ options: { size: { type: 'string', default: '64MiB' } } })
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const size = parseSize(values.size)

interface Result {
  way: string
  /** Bytes both ways. */
  moved: number
  wallSeconds: number
  clientCpu: number
  serverCpu: number
}

const lab = await Lab.open()
try {
  const www = await lab.folder('www')
  const origin = await lab.nginx()
  const [layer, packed] = await layers(await lab.folder('material'), path.join(ROOT, 'node_modules'), size)
  const pairs = [layer, packed, checkpoints(size), await indexes()]
  const rows: string[][] = []
  for (const [i, pair] of pairs.entries()) {
    await writeFile(path.join(www, `${i}.bin`), pair.old)
    await writeFile(lab.path('old'), pair.old)
    const results = [await ours(pair, i, origin.url), await rsync(pair, i), await zsync(pair, i, origin)].flat()
    for (const { way, moved, wallSeconds, clientCpu, serverCpu } of results) {
      const part = `${((100 * moved) / pair.new.length).toFixed(1)} %`
      const what = `${pair.name}, ${mib(pair.new.length)} MiB`
      rows.push([what, way, mib(moved), part, wallSeconds.toFixed(2), clientCpu.toFixed(2), serverCpu.toFixed(2)])
    }
  }
  await report(rows, await Promise.all(pairs.map(lengths)))
} finally {
  await lab.close()
}

function mib(bytes: number): string {
  return (bytes / MiB).toFixed(2)
}

async function ours(pair: Pair, i: number, origin: string): Promise<Result[]> {
  const url = `${origin}/${i}.bin`
  const seed = await lab.seed(`seed-${i}`)
  const flags = ['get', '--json', '--no-daemon', '--no-origin', '--seed', seed.address]
  await run(DF, [...flags, '-o', lab.path('first'), url], `first-${i}`)
  await writeFile(path.join(lab.path('www'), `${i}.bin`), pair.new)
  await run(DF, [...flags, '--revalidate', '-o', lab.path('warm'), url], `warm-${i}`)
  // the list is made
  for (let before = -1; before !== cpuSecondsOf(seed.pid); await pause(500)) before = cpuSecondsOf(seed.pid)
  const results: Result[] = []
  for (const way of ['df get, nothing there', 'df get, over the old one']) {
    const out = lab.path(`out-${results.length}`)
    if (results.length === 1) await copyFile(lab.path('old'), out)
    const before = cpuSecondsOf(seed.pid)
    const { json, cost } = await timed(DF, [...flags, '-o', out, url], `home-${i}-${results.length}`)
    await check(out, pair)
    const { fromSeeds = 0 } = JSON.parse(json.trim().split('\n').at(-1) ?? '{}') as { fromSeeds?: number }
    // each chunk that is asked for is listed
    const list = results.length === 1 && !pair.name.endsWith('gz') ? (await listOf(pair.new)).byteLength : 0
    results.push({ way, moved: fromSeeds + list, ...cost, serverCpu: cpuSecondsOf(seed.pid) - before })
    await rm(out)
  }
  return results
}

async function rsync(pair: Pair, i: number): Promise<Result> {
  const port = await freePort()
  const conf = lab.path('rsyncd.conf')
  await writeFile(conf, `use chroot = no\nport = ${port}\naddress = 127.0.0.1\n[www]\npath = ${lab.path('www')}\n`)
  const daemon = spawn('rsync', ['--daemon', '--no-detach', `--config=${conf}`], { stdio: 'ignore' })
  try {
    await pause(300)
    const out = lab.path('out-rsync')
    await copyFile(lab.path('old'), out)
    const url = `rsync://127.0.0.1:${port}/www/${i}.bin`
    const { json: said, cost } = await timed('rsync', ['--no-whole-file', '--ignore-times', '--stats', url, out])
    await check(out, pair)
    await rm(out)
    const bytes = (what: string) => Number(new RegExp(`Total bytes ${what}: ([\\d,]+)`).exec(said)?.[1]?.replaceAll(',', ''))
    return { way: 'rsync', moved: bytes('received') + bytes('sent'), ...cost, serverCpu: childrenCpu(daemon.pid as number) }
  } finally {
    daemon.kill()
  }
}

async function zsync(pair: Pair, i: number, origin: Awaited<ReturnType<Lab['nginx']>>): Promise<Result[]> {
  if (!isThere('zsync')) return []
  const file = path.join(lab.path('www'), `${i}.bin`)
  execFileSync('zsyncmake', ['-Z', '-u', `${i}.bin`, '-o', `${file}.zsync`, file])
  const [out, dir] = [lab.path('out-zsync'), await lab.folder('zsync')]
  const before = await origin.bytes()
  const args = ['-q', '-i', lab.path('old'), '-o', out, `${origin.url}/${i}.bin.zsync`]
  const { cost } = await timed('zsync', args, 'none', { cwd: dir })
  await check(out, pair)
  await rm(out)
  return [{ way: 'zsync', moved: (await origin.bytes()) - before, ...cost, serverCpu: 0 }]
}

function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`])
    return true
  } catch {
    return false
  }
}

async function run(command: string, args: string[], home: string): Promise<void> {
  const { code, stderr } = await lab.run(command, args, home).ended
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${stderr}`)
}

/** What it said, and its cost. */
async function timed(command: string, args: string[], home = 'none', options: SpawnOptions = {}) {
  const out = lab.path('said')
  await mkdir(lab.path(home), { recursive: true })
  const script = ['-c', 'exec "$@" > "$SAID"', 'sh', command, ...args]
  const env = { ...process.env, DRAGONFLY_HOME: lab.path(home), DRAGONFLY_SEEDS: '', SAID: out }
  const { wallSeconds, cpuSeconds } = await measure('sh', script, lab.path('time'), { env, ...options })
  return { json: await readFile(out, 'utf8'), cost: { wallSeconds, clientCpu: cpuSeconds } }
}

async function check(file: string, pair: Pair): Promise<void> {
  if (!(await readFile(file)).equals(pair.new)) throw new Error(`${file} is not the new version`)
}

/** CPU seconds of the children of a process that have ended (Linux). */
function childrenCpu(pid: number): number {
  const said = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = said.slice(said.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) / Number(execFileSync('getconf', ['CLK_TCK']))
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

// ---- what whole pieces cost

function reader(bytes: Buffer): ReadAt {
  return async (offset, into) => bytes.copy(into, 0, offset)
}

async function listOf(bytes: Buffer): Promise<Buffer> {
  const entries: Uint8Array[] = []
  for await (const { digest, length } of scanChunks(reader(bytes), chooseChunkAverage(bytes.length))) {
    entries.push(encodeChunk(digest, length))
  }
  return Buffer.concat(entries)
}

/** For one pair: its list, new chunks, and pieces of several lengths that have some of them, as parts of the whole. */
async function lengths(pair: Pair): Promise<string[]> {
  const list = await listOf(pair.new)
  const chunks = decodeChunks(list, chooseChunkAverage(pair.new.length), pair.new.length)
  const plan = new ReusePlan(chunks)
  for await (const { digest, offset, length } of scanChunks(reader(pair.old), chooseChunkAverage(pair.new.length))) {
    plan.found(digestKey(digest), offset, length)
  }
  const missing = (cuts: Iterable<[start: number, end: number]>) => {
    let bytes = 0
    for (const [start, end] of cuts) if (plan.rangesOf(start, end) === undefined) bytes += end - start
    return `${((100 * bytes) / pair.new.length).toFixed(1)} %`
  }
  const pieces = [0.25, 0.5, 1, 2, 4].map(n => missing(cut(pair.new.length, n * MiB)))
  const own = missing(chunks.map(({ offset, length }) => [offset, offset + length]))
  return [pair.name, String(list.byteLength / CHUNK_ENTRY_BYTES), `${(list.byteLength / 1024).toFixed(0)} KiB`, own, ...pieces]
}

function* cut(length: number, by: number): Generator<[number, number]> {
  for (let at = 0; at < length; at += by) yield [at, Math.min(length, at + by)]
}

async function report(rows: string[][], parts: string[][]): Promise<void> {
  const zsyncSize = isThere('zsync') ? '' : '\nzsync is not installed here: its rows are missing.\n'
  await publish(
    'chunks',
    `# A new version over the old one

${await circumstances(`npm run bench:chunks -- --size ${values.size}`, ['rsync'])}

Each way begins with the old version at the output, and ends with the new one, which is compared. The gzip pair shows that nothing is tried in vain. Moved: bytes of the file and of what describes it, both ways, where the program or the
server counts them; for \`df get\` pieces and the list of chunks. The seed has the new version and its list; making the list is not in its CPU time (2.5 s a GiB).
${zsyncSize}
${table(['pair', 'way', 'moved MiB', 'of the file', 'seconds', 'CPU s, client', 'CPU s, server'], rows)}

## What whole pieces cost

Of each new version, the part that lies in chunks that the old one does not have, and in pieces that have some of those: only whole pieces are fetched. A content of up to 256 MiB has
pieces of 256 KiB, one of 1 GiB of 1 MiB, one of 4 GiB and more of 4 MiB.

${table(['pair', 'chunks', 'list', 'new chunks', '256 KiB', '512 KiB', '1 MiB', '2 MiB', '4 MiB'], parts)}
`,
  )
}
