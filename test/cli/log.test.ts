// The log of a command: which events it shows, as what, and what it costs to leave it out.
import { expect } from 'chai'
import { makeLog } from '../../src/cli/log.ts'
import { LOG_LEVELS, type LogFlags } from '../../src/cli/log-levels.ts'
import { makeProgram } from '../../src/cli/program.ts'
import { makeReport } from '../../src/cli/render.ts'
import type { Sink } from '../../src/cli/report.ts'
import type { EventLevel, NodeEvent } from '../../src/index.ts'

const BAN: NodeEvent = { code: 'peer-banned', level: 'warn', message: 'banned P: piece 7', peer: 'P', proof: 'piece 7', hours: 1 }
const LINK: NodeEvent = { code: 'link-opened', level: 'debug', message: 'link to peer P opened', peer: 'P', task: 'T' }
const LEFT: NodeEvent = { code: 'neighbour-dropped', level: 'info', message: 'leaving P', peer: 'P', why: 'needless' }
const FULL: NodeEvent = { code: 'store-unavailable', level: 'error', message: 'the store\n\u001b[2Jis full', reason: 'full' }
const ALL = [LINK, LEFT, BAN, FULL]

class Collected implements Sink {
  text = ''
  write(text: string): void {
    this.text += text
  }
}

async function logged(flags: LogFlags, usual?: EventLevel): Promise<string> {
  const sink = new Collected()
  const log = await makeLog({ name: 'df', flags, usual }, sink)
  for (const event of ALL) log.write(event)
  return sink.text
}

describe('the log', () => {
  it('is lines of text, each with its level, without what a terminal would obey', async () => {
    expect(await logged({ logLevel: 'debug' })).to.equal(
      'df: debug: link to peer P opened\ndf: leaving P\ndf: warning: banned P: piece 7\ndf: error: the store ?[2Jis full\n',
    )
  })

  for (const [i, level] of LOG_LEVELS.entries()) {
    it(`shows ${level} and what is more important`, async () => {
      expect((await logged({ logLevel: level }, 'info')).trimEnd().split('\n')).to.have.length(ALL.length - i)
    })
  }

  it('is one JSON object a line: time, level, code, fields, msg', async () => {
    const lines = (await logged({ logFormat: 'json', logLevel: 'debug' })).trimEnd().split('\n')
    const objects = lines.map(line => JSON.parse(line))
    expect(objects.map(o => o.level)).to.deep.equal(['debug', 'info', 'warn', 'error'])
    expect(objects[2]).to.include({ code: 'peer-banned', peer: 'P', proof: 'piece 7', msg: 'banned P: piece 7' })
    for (const { time } of objects) expect(new Date(time).toISOString()).to.equal(time)
  })

  it('without its flags is what the command is used to, and nothing where it is used to none', async () => {
    expect(await logged({}, 'error')).to.match(/^df: error: [^\n]*\n$/)
    expect(await logged({})).to.equal('')
  })

  it('of which only the format is said begins with warnings', async () => {
    expect((await logged({ logFormat: 'json' })).trimEnd().split('\n')).to.have.length(2)
    expect(await logged({ logFormat: 'text' })).to.match(/^df: warning/)
  })

  for (const how of [
    { json: true, quiet: false },
    { json: false, quiet: true },
  ]) {
    it(`comes beside ${how.json ? '--json' : '--quiet'} only when it is asked for`, async () => {
      for (const [log, expected] of [
        [{}, ''],
        [{ logLevel: 'warn' }, 'df: warning: banned P: piece 7\n'],
      ] as const) {
        const [stdout, stderr] = [new Collected(), new Collected()]
        const report = await makeReport({ name: 'df', ...how, streaming: false, log }, stdout, stderr)
        report.event(BAN)
        expect(stderr.text).to.equal(expected)
        expect(stdout.text !== '').to.equal(how.json)
      }
    })
  }

  for (const command of [
    ['get', 'http://x'],
    ['preheat', 'http://x'],
    ['seed', 'start'],
  ]) {
    it(`has its flags at df ${command.join(' ')}, and refuses other levels and formats`, async () => {
      const seen: LogFlags[] = []
      const note = async (flags: LogFlags) => {
        seen.push(flags)
        return 0
      }
      const program = () =>
        makeProgram('df', {
          get: async (_url, flags) => await note(flags),
          preheat: async (_urls, flags) => await note(flags),
          startSeed: note,
          administrate: async () => 0,
          daemon: async () => 0,
          fleet: async () => 0,
          gateway: async () => 0,
          lfs: async () => 0,
          top: async () => 0,
          share: async () => 0,
          simulate: async () => 0,
        }).program
      const run = async (...flags: string[]) => await program().parseAsync([...command, ...flags], { from: 'user' })
      await run('--log-level', 'debug', '--log-format', 'json')
      expect(seen[0]).to.include({ logLevel: 'debug', logFormat: 'json' })
      for (const wrong of [
        ['--log-level', 'loud'],
        ['--log-format', 'xml'],
      ]) {
        const error = await run(...wrong).catch(e => e)
        expect(error.message).to.match(/Allowed choices are/)
      }
    })
  }
})
