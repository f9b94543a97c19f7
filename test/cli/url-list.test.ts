import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { UsageError } from '../../src/cli/errors.ts'
import { urlsOf } from '../../src/cli/url-list.ts'

const NEVER = new AbortController().signal

describe('a list of URLs', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-list-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  async function list(text: string, ...named: string[]): Promise<string[]> {
    const file = path.join(dir, 'list')
    await writeFile(file, text)
    return await urlsOf(named, file, NEVER)
  }

  async function refusal(text: string): Promise<string> {
    const error = await list(text).then(
      urls => expect.fail(`taken: ${urls.length} URLs`),
      error => error,
    )
    expect(error).to.be.instanceOf(UsageError)
    return error.message
  }

  it('has one a line, comments, blanks, any line end, and each once; those named come first', async () => {
    const text = '# tonight\nhttp://a/1\r\n\n  http://a/2  \nhttp://a/1\n\t# more\nhttp://a/3#part\nhttp://a/0'
    expect(await list(text, 'http://a/0')).to.deep.equal(['http://a/0', 'http://a/1', 'http://a/2', 'http://a/3#part'])
  })

  it('is no list without a URL', async () => {
    expect(await refusal('# nothing\n\n')).to.equal('no URL given')
    expect(await urlsOf([], undefined, NEVER).catch(e => e.message)).to.equal('no URL given')
  })

  it('has lines of 8 KiB at most', async () => {
    const longest = `http://a/${'x'.repeat(8192 - 9)}`
    expect(await list(`${longest}\n`)).to.deep.equal([longest])
    expect(await refusal(`${longest}x\n`)).to.match(/list: a line is too long$/)
    expect(await refusal('#'.repeat(1_000_000))).to.match(/list: a line is too long$/)
  })

  it('has 100,000 URLs at most', async () => {
    const urls = Array.from({ length: 100_000 }, (_, i) => `http://a/${i}`)
    expect(await list(urls.join('\n'))).to.have.length(100_000)
    expect(await refusal([...urls, 'http://b/'].join('\n'))).to.match(/list: more than 100000 URLs$/)
    expect(await refusal([...urls, 'http://b/', 'http://c/'].join('\n'))).to.match(/list: more than 100000 URLs$/)
  })

  it('has 32 MiB at most, comments included', async () => {
    expect(await refusal(`${'#'.repeat(8000)}\n`.repeat(4200))).to.match(/list: longer than 33554432 characters$/)
  })

  it('has to be there', async () => {
    const error = await urlsOf([], path.join(dir, 'none'), NEVER).catch(e => e)
    expect(error).to.be.instanceOf(UsageError)
    expect(error.message).to.match(/^cannot read .*none: there is no such file$/)
  })
})
