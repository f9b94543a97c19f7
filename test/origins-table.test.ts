// Checks docs/origins.md: each row of its table is an origin, and says what a download does there.
// After a change: `UPDATE_DOCS=1 npm exec -- mocha test/origins-table.test.ts` rewrites the table.
import { readFile, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { DragonflyError } from '../src/core/errors.ts'
import { ROOT } from './cli/processes.ts'
import { type Act, honest, hostileOrigin, stopHostileOrigins } from './origin/hostile-origin.ts'
import { until } from './waiting.ts'
import { content, fileHash, hex, PIECE } from './world/content.ts'
import { World } from './world/world.ts'

const PAGE = path.join(ROOT, 'docs/origins.md')
const OLD = 'Wed, 21 Oct 2015 07:28:00 GMT'
const BODY = content('table', 4 * PIECE + 9)
const OTHER = content('another', BODY.length)
const PACKED = gzipSync(BODY)
/** Where the first answer breaks off. */
const HALF = 2 * PIECE + 1000

/** What the origin does for its nth request. */
type Origin = (request: IncomingMessage, nth: number) => Act

interface Played {
  url: string
  /** What it did, in order. */
  acts: Act[]
}

const whole = (headers: Record<string, string> = { etag: '"1"' }, body = BODY): Act => ({ body, headers })

/** Answers plain GETs as it should, and ranges with `act`. */
function refusing(act: (start: number) => Act): Origin {
  return ({ headers: { range } }) => {
    const start = /^bytes=(\d+)-/.exec(range ?? '')?.[1]
    return start === undefined ? whole({ etag: '"1"', 'accept-ranges': 'bytes' }) : act(Number(start))
  }
}

function range(start: number, headers: Record<string, string> = { etag: '"1"' }, body = BODY): Act {
  const contentRange = `bytes ${start}-${body.length - 1}/${body.length}`
  return { status: 206, body: body.subarray(start), headers: { 'content-range': contentRange, ...headers } }
}

const ROWS: [string, Origin][] = [
  ['ranges, and a strong ETag', r => honest(r, BODY, { etag: '"1"' })],
  ['ranges, and a Last-Modified more than a minute before Date', r => honest(r, BODY, { lastModified: OLD })],
  ['ranges, and a Last-Modified within the last minute', r => honest(r, BODY, { lastModified: new Date().toUTCString() })],
  ['ranges, and a weak ETag', r => honest(r, BODY, { etag: 'W/"1"' })],
  ['ranges, and an ETag without quotes', r => honest(r, BODY, { etag: '1' })],
  ['ranges, but no validator', r => honest(r, BODY, {})],
  ['no ranges, but a strong ETag', r => honest(r, BODY, { etag: '"1"', ranges: false })],
  ['no ranges, but a Last-Modified (`python3 -m http.server`)', r => honest(r, BODY, { lastModified: OLD, ranges: false })],
  ['neither ranges nor a validator', r => honest(r, BODY, { ranges: false })],
  ['206 with the whole file, from byte 0', refusing(() => range(0))],
  ['206 without Content-Range', refusing(start => ({ status: 206, body: BODY.subarray(start), headers: { etag: '"1"' } }))],
  ['206 without a validator', refusing(start => range(start, {}))],
  [
    '206 multipart/byteranges',
    refusing(start => range(start, { etag: '"1"', 'content-type': 'multipart/byteranges; boundary=x' })),
  ],
  ['206 without a body', refusing(() => ({ status: 206, headers: { etag: '"1"' } }))],
  ...[204, 400, 403, 404, 405, 412, 416, 501].map((status): [string, Origin] => [
    `${status} to a range`,
    refusing(() => ({ status })),
  ]),
  ['500 to every range', refusing(() => ({ status: 500 }))],
  ['503 to every range', refusing(() => ({ status: 503 }))],
  [
    '206 in another Content-Encoding, same ETag',
    refusing(start => range(start, { etag: '"1"', 'content-encoding': 'gzip' }, OTHER)),
  ],
  [
    '206 with another Content-Type, same ETag',
    refusing(start => range(start, { etag: '"1"', 'content-type': 'text/html' }, OTHER)),
  ],
  ['another ETag in each answer, the same bytes', (r, nth) => honest(r, BODY, { etag: `"${nth}"` })],
  [
    'another ETag and other bytes after the first answer',
    (r, nth) => honest(r, nth === 1 ? BODY : OTHER, { etag: `"${Math.min(nth, 2)}"` }),
  ],
  [
    'two machines behind a name, one sends gzip',
    (r, nth) =>
      nth === 2 || nth === 3 ? whole({ etag: '"1"', 'content-encoding': 'gzip' }, PACKED) : honest(r, BODY, { etag: '"1"' }),
  ],
  [
    '503 for two requests, then correct answers',
    (r, nth) => (nth === 2 || nth === 3 ? { status: 503 } : honest(r, BODY, { etag: '"1"' })),
  ],
]

describe('docs/origins.md', function () {
  this.timeout(60_000)
  let world: World
  const found: string[][] = []

  beforeEach(async () => {
    world = await World.open()
  })
  afterEach(async () => {
    await world.close()
    await stopHostileOrigins()
  })
  after(async () => {
    if (process.env.UPDATE_DOCS === undefined) return
    const text = await readFile(PAGE, 'utf8')
    const lines = found.map(cells => `| ${cells.join(' | ')} |`).join('\n')
    await writeFile(PAGE, text.replace(/(\| --- \|.*\n)(?:\|.*\n)+/, `$1${lines}\n`))
  })

  /** What was done: the file is right, or the error's code. Never other bytes. */
  async function outcome(origin: Played, download: (to: string) => Promise<unknown>): Promise<string> {
    const to = world.path()
    try {
      await download(to)
    } catch (error) {
      if (!(error instanceof DragonflyError)) throw error
      return `fails: \`${error.code}\``
    }
    const got = await fileHash(to)
    expect([BODY, OTHER, PACKED].map(hex), 'bytes of one version').to.include(got)
    return origin.acts.at(-1)?.status === 206 ? 'reads the rest' : 'reads the whole again'
  }

  /** The first answer ends, or stalls, in the middle. */
  async function play(act: Origin, first: Act): Promise<Played> {
    const acts: Act[] = []
    const { url } = await hostileOrigin((request, nth) => {
      acts.push({ ...act(request, nth), ...(nth === 1 && first) })
      return acts.at(-1) as Act
    })
    return { url, acts }
  }

  async function alone(act: Origin): Promise<string> {
    const origin = await play(act, { cutAfter: HALF })
    const { node } = await world.node()
    return await outcome(origin, to => node.download(origin.url, to))
  }

  async function atSeed(act: Origin): Promise<string> {
    const origin = await play(act, { cutAfter: HALF })
    const seed = await world.seed()
    const peer = await world.node({ seeds: [seed.address] })
    return await outcome(origin, to => peer.node.download(origin.url, to, { origin: false }))
  }

  async function afterKill(act: Origin): Promise<string> {
    const origin = await play(act, { stallAfter: HALF })
    const home = path.join(world.dir, 'killed')
    const first = await world.node({ store: path.join(home, 'store'), home })
    let bytes = 0
    const broken = first.node.download(origin.url, world.path(), { onProgress: progress => (bytes = progress.bytes) })
    broken.catch(() => {})
    await until(() => bytes >= 2 * PIECE, 'half of it is here')
    await first.node.stop()
    const second = await world.node({ store: path.join(home, 'store'), home })
    return await outcome(origin, to => second.node.download(origin.url, to))
  }

  for (const [name, act] of ROWS) {
    it(name, async () => {
      const cells = [name, await alone(act), await atSeed(act), await afterKill(act)]
      found.push(cells)
      if (process.env.UPDATE_DOCS !== undefined) return
      expect(await readFile(PAGE, 'utf8')).to.include(`| ${cells.join(' | ')} |`)
    })
  }

  it('has no other rows', async () => {
    const rows = (await readFile(PAGE, 'utf8')).match(/^\|.*\|$/gm) ?? []
    expect(rows.length - 2).to.equal(ROWS.length)
  })
})
