import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { PassThrough, Writable } from 'node:stream'
import { expect } from 'chai'
import { OutputError } from '../../src/cli/errors.ts'
import { PipeClosed, writeAll } from '../../src/cli/stdout.ts'

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
})
