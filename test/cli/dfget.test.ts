import { expect } from 'chai'
import { Command } from 'commander'
import { DFGET_FLAGS, dfgetHelp, fromDfget } from '../../src/cli/dfget.ts'
import { UsageError } from '../../src/cli/errors.ts'
import { addGetFlags } from '../../src/cli/get-flags.ts'

const { options } = addGetFlags(new Command())
const understood = (...given: string[]) => fromDfget(given, options)

describe('dfget, with the flags of the original', () => {
  it('says them in those of df get', () => {
    const { args, meaningless } = understood(
      ...['-u', 'http://a/x', '-o=f', '--md5', 'aa', '-f', 'a&b', '--header=A: 1', '-e', '60', '--notbs', '-p', 'p2p', '-b'],
    )
    expect(args).to.deep.equal([
      ...['get', 'http://a/x', '--output=f', '--md5=aa', '--filter=a,b', '--header=A: 1', '--timeout=60', '--no-origin'],
    ])
    expect(meaningless).to.deep.equal([])
  })

  it('names those that have no meaning any more', () => {
    const { args, meaningless } = understood(
      '--url',
      'http://a/x',
      '--node',
      'h:8002',
      '--callsystem=me',
      '-p',
      'cdn',
      '--dfdaemon',
    )
    expect(args).to.deep.equal(['get', 'http://a/x'])
    expect(meaningless).to.deep.equal(['--node', '--callsystem', '-p', '--dfdaemon'])
  })

  it('takes seeds for nodes, and flags of df get as they are', () => {
    const { args } = understood('-n', '/ip4/10.0.0.1/tcp/1/p2p/X', '--digest', 'D', '-O', 'f', 'http://a/x', '--notbs=false')
    expect(args).to.deep.equal(['get', '--seed=/ip4/10.0.0.1/tcp/1/p2p/X', '--digest', 'D', '-O', 'f', 'http://a/x'])
  })

  it('refuses what is not there', () => {
    expect(() => understood('server')).to.throw(UsageError)
    expect(() => understood('--url')).to.throw(UsageError)
    expect(understood('-v').args).to.deep.equal(['version'])
  })

  it('explains every flag', () => {
    for (const { names } of DFGET_FLAGS) for (const name of names) expect(dfgetHelp()).to.include(name)
  })
})
