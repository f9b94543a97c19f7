import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { EventFacts } from '../../src/node/api/events.ts'
import { closeHome } from '../../src/node/home-modes.ts'
import { IDENTITY_FILE, loadIdentity } from '../../src/node/identity.ts'
import { failure } from '../store/expect-error.ts'

describe('node: the modes of home and identity', () => {
  let home: string
  let file: string
  let told: EventFacts[]
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'df-modes-'))
    file = join(home, IDENTITY_FILE)
    told = []
  })
  afterEach(() => rm(home, { recursive: true }))

  const close = () => closeHome(home, facts => told.push(facts))
  const modeOf = async (path: string) => (await stat(path)).mode & 0o7777

  it('of ours are right from the start', async () => {
    await close()
    await loadIdentity(home)
    await close()
    expect(told).to.deep.equal([])
  })

  it('that let others read the identity are mended, and that is told', async () => {
    await loadIdentity(home)
    for (const [mode, shown] of [
      [0o644, '0644'],
      [0o640, '0640'],
    ] as const) {
      await chmod(file, mode)
      await close()
      expect(told.pop()).to.deep.equal({ code: 'home-exposed', path: file, mode: shown, mended: true })
      expect(await modeOf(file)).to.equal(0o600)
    }
    await close()
    expect(told).to.deep.equal([])
  })

  it('that let everybody write to the home are mended, but those of a folder like /tmp stay', async () => {
    await chmod(home, 0o777)
    await close()
    expect(told.pop()).to.deep.equal({ code: 'home-exposed', path: home, mode: '0777', mended: true })
    expect(await modeOf(home)).to.equal(0o755)
    await close()
    expect(told.pop()).to.deep.equal({ code: 'home-readable', path: home, mode: '0755' })
    await chmod(home, 0o1777)
    await close()
    expect(told.pop()).to.include({ code: 'home-readable' })
    expect(await modeOf(home)).to.equal(0o1777)
  })

  it('are not asked of a named pipe, which is refused and not waited for', async () => {
    execFileSync('mkfifo', [file])
    expect((await failure(close(), 'store-error')).message).to.include('it is no file')
  })
})
