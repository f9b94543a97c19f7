import { expect } from 'chai'
import { Command } from 'commander'
import { UsageError } from '../../src/cli/errors.ts'
import { addGetFlags } from '../../src/cli/get-flags.ts'
import { HABITS, NOT_DONE } from '../../src/cli/habit-tables.ts'
import { translate } from '../../src/cli/habits.ts'

const { options } = addGetFlags(new Command())
const URL = 'http://a/x'

function refusal(...args: string[]): UsageError {
  try {
    translate(args, options)
  } catch (error) {
    expect(error).to.be.instanceOf(UsageError)
    return error as UsageError
  }
  throw new Error(`was understood: ${args.join(' ')}`)
}

describe('df get, habits of curl and wget:', () => {
  const understood: [string[], string[]][] = [
    [
      ['-fsSLO', URL],
      ['--quiet', URL],
    ],
    [
      ['-qO-', URL],
      ['--quiet', '--output=-', URL],
    ],
    [
      ['-q', '-O', '-', URL],
      ['--quiet', '--output=-', URL],
    ],
    [
      ['-qO', '-', URL],
      ['--quiet', '--output=-', URL],
    ],
    [['-O', URL], [URL]],
    [[URL, '-O'], [URL]],
    [['-O', '-L', URL], [URL]],
    [['-OL', URL], [URL]],
    [['-OJL', URL], [URL]],
    [['-LOC', '-', URL], [URL]],
    [
      ['-OLH', 'A: 1', URL],
      ['--header=A: 1', URL],
    ],
    [
      ['-O', 'x.iso', URL],
      ['--output=x.iso', URL],
    ],
    [
      ['-Ox.iso', URL],
      ['--output=x.iso', URL],
    ],
    [
      ['-O/dev/null', URL],
      ['--output=/dev/null', URL],
    ],
    [
      ['-nvO', 'x', URL],
      ['--output=x', URL],
    ],
    [
      ['--output-document=x', URL],
      ['--output=x', URL],
    ],
    [
      ['-ox', URL],
      ['--output=x', URL],
    ],
    [
      ['-sSLo', 'x', URL],
      ['--quiet', '--output=x', URL],
    ],
    [['-c', URL], [URL]],
    [
      ['-nc', URL],
      ['--no-clobber', URL],
    ],
    [['-nd', '-np', '-nv', URL], [URL]],
    [['-C', '-', URL], [URL]],
    [['-C-', URL], [URL]],
    [
      ['-r', '-500', URL],
      ['--range=-500', URL],
    ],
    [
      ['-r-500', URL],
      ['--range=-500', URL],
    ],
    [
      ['-H', '-f', URL],
      ['--header=-f', URL],
    ],
    [
      ['-d', 'dir', URL],
      ['--directory-prefix=dir', URL],
    ],
    [
      ['--output-dir', 'dir', URL],
      ['--directory-prefix=dir', URL],
    ],
    [
      ['-m', '5', URL],
      ['--timeout=5', URL],
    ],
    [
      ['--max-time=5', URL],
      ['--timeout=5', URL],
    ],
    [
      ['-t', '3', URL],
      ['--retry=2', URL],
    ],
    [
      ['-t0', URL],
      ['--retry=1000', URL],
    ],
    [['-X', 'GET', URL], [URL]],
    [
      ['-XHEAD', URL],
      ['--head', URL],
    ],
    [
      ['-N', URL],
      ['--timestamping', URL],
    ],
    [
      ['-n', URL],
      ['--netrc', URL],
    ],
    [
      ['-I', URL],
      ['--head', URL],
    ],
    [
      ['--checksum', 'sha-256=00', URL],
      ['--digest=sha-256=00', URL],
    ],
    [
      ['--', '-O', URL],
      ['--', '-O', URL],
    ],
    [
      ['--nonsense=1', '-Y', URL],
      ['--nonsense=1', '-Y', URL],
    ],
    [['-o'], ['-o']],
    [
      ['-o', 'a', URL, '-o', '-'],
      ['--output=a', URL, '--output=-'],
    ],
  ]
  for (const [args, ours] of understood) {
    it(`${args.join(' ')} → ${ours.join(' ')}`, () => expect(translate(args, options)).to.deep.equal(ours))
  }

  const refused: [string[], RegExp][] = [
    [['-X', 'POST', URL], /only reads/],
    [['-XPUT', URL], /only reads/],
    [['--request=DELETE', URL], /only reads/],
    [['-d', 'a=b', URL], /only reads.*-P DIR/],
    [['-d', '@file', URL], /only reads/],
    [['-d', '{"a":1}', URL], /only reads/],
    [['-d', URL], /-P DIR/],
    [['-C', '100', URL], /-r N-/],
    [['-r', URL], /-r 0-499/],
    [['-i', URL], /-I/],
    [['-m', URL], /30s/],
    [['-o', 'a', URL, '-o', 'b', 'http://a/y'], /-P DIR/],
    [['-o', 'a', '-o', 'b', '--', URL, 'http://a/y'], /-P DIR/],
    [['-fsST', 'file', URL], /does not upload/],
  ]
  for (const [args, hint] of refused) {
    it(`refuses ${args.join(' ')}`, () => expect(refusal(...args).hint).to.match(hint))
  }
  for (const [name, instead] of Object.entries(NOT_DONE)) {
    it(`refuses ${name}, and says what does it`, () => {
      expect(refusal(name, 'value', URL)).to.include({ message: `${name} is not a flag of df`, hint: instead })
    })
  }

  it('none of them hides a flag of ours', () => {
    const own = options.flatMap(({ long, short }) => [long, short])
    for (const name of [...Object.keys(HABITS), ...Object.keys(NOT_DONE)]) expect(own).to.not.include(name)
  })

  it('all of them mean a flag that there is', () => {
    for (const { flag } of Object.values(HABITS)) if (flag !== undefined) expect(options.map(({ long }) => long)).to.include(flag)
  })
})
