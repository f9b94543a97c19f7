// The thread that hashes a file behind whoever writes it: real threads, real files.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { sha256 } from '../../src/core/piece.ts'
import { HashThread } from '../../src/transfer/hash-thread/hash-thread.ts'
import { ThreadWorth } from '../../src/transfer/hash-thread/thread-worth.ts'

const PIECE = 256 * 1024
const MiB = 1024 * 1024

async function failureOf(promise: Promise<unknown>): Promise<string | undefined> {
  return await promise.then(
    () => undefined,
    error => String(error),
  )
}

describe('the thread that hashes a file', () => {
  let dir: string
  let file: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-hash-thread-'))
    file = join(dir, 'data')
    await writeFile(file, '')
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  const threadOf = (length: number, firstPiece = 0) => new HashThread({ file, pieceLength: PIECE, firstPiece, length })

  for (const length of [0, 1, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE + 17]) {
    it(`knows the digests of ${length} bytes that are written in parts of any size`, async () => {
      const body = randomBytes(length)
      const thread = threadOf(length)
      const handle = await open(file, 'r+')
      for (let at = 0; at < length; at += 100_000) {
        const part = body.subarray(at, at + 100_000)
        await handle.write(part, 0, part.length, at)
        thread.written(at + part.length)
        if (at % 300_000 === 0) await sleep(1)
      }
      await handle.close()
      for (let i = 0; i * PIECE < length; i++) {
        expect(await thread.piece(i)).to.deep.equal(sha256(body.subarray(i * PIECE, (i + 1) * PIECE)))
      }
      expect(await thread.whole()).to.deep.equal(sha256(body))
    })
  }

  it('reads what is there before it began, and tells the digests of later pieces only', async () => {
    const body = randomBytes(4 * PIECE)
    await writeFile(file, body)
    const thread = threadOf(body.length, 2)
    thread.written(body.length)
    expect(await thread.piece(2)).to.deep.equal(sha256(body.subarray(2 * PIECE, 3 * PIECE)))
    expect(await thread.piece(3)).to.deep.equal(sha256(body.subarray(3 * PIECE)))
    expect(await thread.whole()).to.deep.equal(sha256(body))
  })

  it('fails when the file is not there', async () => {
    const thread = new HashThread({ file: join(dir, 'nothing'), pieceLength: PIECE, firstPiece: 0, length: 1 })
    expect(await failureOf(thread.piece(0))).to.include('ENOENT')
    expect(await failureOf(thread.whole())).to.include('ENOENT')
  })

  it('fails when the file is shorter than it was told', async () => {
    const thread = threadOf(2 * PIECE)
    await writeFile(file, randomBytes(PIECE))
    thread.written(2 * PIECE)
    expect(await failureOf(thread.piece(1))).to.include('shorter')
    expect(await failureOf(thread.whole())).to.include('shorter')
  })

  it('fails when another file took its place', async () => {
    await writeFile(file, randomBytes(PIECE))
    const thread = threadOf(PIECE)
    thread.written(PIECE)
    await thread.piece(0)
    await writeFile(join(dir, 'other'), randomBytes(PIECE))
    await rename(join(dir, 'other'), file)
    expect(await failureOf(thread.whole())).to.include('replaced')
  })

  it('keeps no process from its end, though nobody stopped it', async () => {
    const program = `
      import { HashThread } from '${new URL('../../src/transfer/hash-thread/hash-thread.ts', import.meta.url).href}'
      new HashThread({ file: ${JSON.stringify(file)}, pieceLength: 1024, firstPiece: 0, length: 1024 })
      setTimeout(() => console.log('end'), 200)`
    const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', program]
    const { stdout } = await promisify(execFile)(process.execPath, flags, { timeout: 10_000 })
    expect(stdout).to.equal('end\n')
  })

  it('ends at once when it is stopped, and tells whoever waits', async () => {
    const thread = threadOf(PIECE)
    const waiting = thread.piece(0)
    thread.stop()
    expect(await failureOf(waiting)).to.include('stopped')
    expect(await failureOf(thread.piece(7))).to.include('stopped')
    expect(await failureOf(thread.whole())).to.include('stopped')
  })
})

describe('whether a thread is worth its while', () => {
  beforeEach(async () => {
    while (HashThread.running > 0) await sleep(1)
  })

  /** Keeps the event loop at work. */
  const work = (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; );
  }

  it('is not where nobody knows how much there is to come, or too little is left', () => {
    const worth = new ThreadWorth(2)
    work(20)
    for (const done of [0, 16, 32, 64]) {
      expect(worth.isThere(done * MiB, undefined)).to.equal(false)
      expect(worth.isThere(done * MiB, (done + 127) * MiB)).to.equal(false)
    }
  })

  it('is where the event loop has had no time for 16 MiB', async () => {
    const worth = new ThreadWorth(2)
    expect(worth.isThere(0, 1024 * MiB)).to.equal(false)
    await sleep(30)
    expect(worth.isThere(16 * MiB, 1024 * MiB), 'it has waited').to.equal(false)
    await sleep(0)
    work(50)
    expect(worth.isThere(31 * MiB, 1024 * MiB), 'less than 16 MiB').to.equal(false)
    expect(worth.isThere(32 * MiB, 1024 * MiB)).to.equal(true)
  })

  it('is not where as many run already as there are other cores', async () => {
    const worth = new ThreadWorth(2)
    const dir = await mkdtemp(join(tmpdir(), 'df-hash-thread-'))
    await writeFile(join(dir, 'data'), '')
    const thread = new HashThread({ file: join(dir, 'data'), pieceLength: PIECE, firstPiece: 0, length: 0 })
    expect(worth.isThere(0, 1024 * MiB)).to.equal(false)
    work(50)
    expect(worth.isThere(16 * MiB, 1024 * MiB)).to.equal(false)
    expect(await thread.whole()).to.deep.equal(sha256(new Uint8Array()))
    while (HashThread.running > 0) await sleep(1)
    // the wait for the thread is not looked at
    worth.isThere(32 * MiB, 1024 * MiB)
    work(50)
    expect(worth.isThere(48 * MiB, 1024 * MiB)).to.equal(true)
    await rm(dir, { recursive: true, force: true })
  })

  it('is not on one core', async () => {
    const worth = new ThreadWorth(1)
    expect(worth.isThere(0, 1024 * MiB)).to.equal(false)
    work(50)
    expect(worth.isThere(16 * MiB, 1024 * MiB)).to.equal(false)
  })
})
