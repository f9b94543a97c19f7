import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { expect } from 'chai'
import { OutputError } from '../../src/cli/errors.ts'
import { PipeClosed, writeAll } from '../../src/cli/stdout.ts'
import { DF, run } from './processes.ts'

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    error => error,
  )
}

describe('cli standard output', () => {
  it('takes no chunk before the one before it was taken', async () => {
    let taken = 0
    const out = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        setImmediate(() => {
          taken++
          done()
        })
      },
    })
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 5; i++) {
        expect(taken).to.equal(i)
        yield new Uint8Array(10)
      }
    }
    await writeAll(chunks(), out)
    expect(taken).to.equal(5)
  })

  it('ends quietly when the reader of a real pipe goes away', async () => {
    const reader = spawn('head', ['-c', '10'], { stdio: ['pipe', 'ignore', 'inherit'] })
    const error = await caught(writeAll(createReadStream('/dev/zero'), reader.stdin))
    expect(error).to.be.instanceOf(PipeClosed)
  })

  it('and when that was seen before the next write', async () => {
    const reader = spawn('true', { stdio: ['pipe', 'ignore', 'inherit'] })
    await once(reader, 'close')
    expect(await caught(writeAll(createReadStream('/dev/zero'), reader.stdin))).to.be.instanceOf(PipeClosed)
  })

  it('says when the disk is full', async () => {
    const out = new Writable({ write: (_c, _e, done) => done(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })) })
    const error = await caught(writeAll([new Uint8Array(1)][Symbol.iterator]() as never, out))
    expect(error).to.be.instanceOf(OutputError).with.property('code', 'no-space')
  })

  it('passes on what the content fails with', async () => {
    const broken = new Error('no more')
    // biome-ignore lint/correctness/useYield: it fails before its first chunk
    async function* chunks(): AsyncGenerator<Uint8Array> {
      throw broken
    }
    expect(await caught(writeAll(chunks(), new PassThrough()))).to.equal(broken)
  })

  describe('of the program, on a full disk', () => {
    for (const [what, args, code] of [
      ['help', ['help'], 6],
      ['a download to standard output', ['get', '-o', '-', 'URL'], 6],
      ['a quiet one', ['get', '--quiet', '-o', '-', 'URL'], 6],
      ['NDJSON of a download to a file', ['get', '--json', '-o', 'FILE', 'URL'], 6],
      ['a list of nothing', ['seed', 'ls', '--json'], 0],
    ] as const) {
      it(`${what}: exit code ${code}${code === 0 ? '' : ', and one line says why'}`, async function () {
        if (!existsSync('/dev/full')) return this.skip()
        const origin = createServer((_request, response) => response.end('hello'))
        await once(origin.listen(0, '127.0.0.1'), 'listening')
        const home = await mkdtemp(join(tmpdir(), 'df-full-'))
        try {
          const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}/file`
          const given = args.map(arg => (arg === 'URL' ? url : arg === 'FILE' ? join(home, 'file') : arg))
          const env = { PATH: process.env.PATH, DRAGONFLY_HOME: home }
          const ended = await run('sh', ['-c', 'exec "$@" >/dev/full', 'sh', DF, ...given], { env })
          expect(ended.code).to.equal(code)
          if (code === 6) expect(ended.stderr).to.include('cannot write to standard output: no space left on the disk')
        } finally {
          origin.close()
          await rm(home, { recursive: true })
        }
      })
    }
  })
})
