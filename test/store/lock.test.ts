import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import { openDiskStore } from '../../src/store/disk.ts'
import { isAlive, startOf } from '../../src/store/liveness.ts'
import { acquireLock, isLocked } from '../../src/store/lock.ts'
import { showPresence } from '../../src/store/presence.ts'
import { Child, ContainedChild, hasContainers } from './child.ts'
import { failure } from './expect-error.ts'
import { noLinks } from './no-links.ts'

describe('a lock', () => {
  let dir: string
  let path: string
  let children: Child[]

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-lock-'))
    path = join(dir, 'lock')
    children = []
  })

  afterEach(async () => {
    for (const child of children) child.kill()
    await Promise.all(children.map(child => child.gone()))
    await rm(dir, { recursive: true })
  })

  async function start(lock = path): Promise<Child> {
    const child = new Child('holder.ts', lock)
    children.push(child)
    expect(await child.line()).to.equal('ready')
    return child
  }

  async function holder(lock = path): Promise<Child> {
    const child = await start(lock)
    child.tell('go')
    expect(await child.line()).to.equal('won')
    return child
  }

  /** The text of a lock whose holder is dead. */
  async function staleText(): Promise<string> {
    const child = await holder(join(dir, 'other'))
    const text = await readFile(join(dir, 'other'), 'utf8')
    child.kill()
    await child.gone()
    return text
  }

  it('that is a named pipe or a link is refused at once, and waits for nobody', async () => {
    execFileSync('mkfifo', [path])
    expect((await failure(acquireLock(path), 'store-error')).message).to.include('is no file')
    expect(await isLocked(path)).to.equal(false)
    await rm(path)
    for (const target of ['nothing', 'lock']) {
      await symlink(target, path)
      expect((await failure(acquireLock(path), 'store-error')).message).to.include('is no file')
      await rm(path)
    }
  })

  it('is held once, and free after release, which may be called twice', async () => {
    const lock = await acquireLock(path)
    const error = await failure(acquireLock(path), 'store-locked')
    expect(error.message).to.include(`pid ${process.pid}`)
    await lock.release()
    const next = await acquireLock(path)
    await lock.release()
    await failure(acquireLock(path), 'store-locked')
    await next.release()
    expect(await readdir(dir)).to.deep.equal([])
  })

  it('of another live process is respected, and its pid named', async () => {
    const child = await holder()
    const error = await failure(acquireLock(path), 'store-locked')
    expect(error.message).to.include(`pid ${child.pid}`)
    expect(error.hint).to.include(String(child.pid))
  })

  it('of another live process keeps a store entry closed', async () => {
    const store = await openDiskStore(dir)
    await mkdir(join(dir, 'entries', 'k'))
    const child = await holder(join(dir, 'entries', 'k', 'lock'))
    expect((await failure(store.open('k'), 'store-locked')).message).to.include(`pid ${child.pid}`)
    await failure(store.remove('k'), 'store-locked')
    await failure(store.open('k', AbortSignal.timeout(1)), 'timeout')
    child.kill()
    await store.remove('k')
    expect(await store.keys()).to.deep.equal([])
  })

  it('of a process that was killed just now is free at once', async () => {
    for (let round = 0; round < 3; round++) {
      const child = await holder()
      child.kill()
      const lock = await acquireLock(path)
      await lock.release()
    }
  })

  it('of a killed process whose parent does not care is free', async function () {
    if (process.platform !== 'linux') {
      // who is a zombie is read from /proc, which other systems lack: there such a lock counts as held
      console.warn('SKIPPED: zombies can be told from the living on Linux only')
      return this.skip()
    }
    const holderPath = new URL('holder.ts', import.meta.url).pathname
    // `exec` makes the parent a program that never asks for its children.
    const script = '{ echo go; sleep 60; } | "$0" "$1" "$2" & exec sleep 60'
    const shell = spawn('sh', ['-c', script, process.execPath, holderPath, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    try {
      let heard = ''
      for await (const chunk of shell.stdout) {
        heard += String(chunk)
        if (heard.includes('won')) break
      }
      const { pid } = JSON.parse(await readFile(path, 'utf8'))
      process.kill(pid, 'SIGKILL')
      const lock = await acquireLock(path)
      expect(await readFile(`/proc/${pid}/stat`, 'latin1')).to.match(/\) Z /)
      await lock.release()
    } finally {
      process.kill(-(shell.pid as number), 'SIGKILL')
      if (shell.exitCode === null && shell.signalCode === null) await once(shell, 'exit')
    }
  })

  it('of a dead process, of a pid that another process has now, and of nobody, is taken over', async () => {
    const stale = await staleText()
    const mine = { pid: process.pid, started: await startOf(process.pid), id: 'x' }
    for (const text of [
      stale,
      JSON.stringify({ ...mine, started: 'other-boot/1' }),
      JSON.stringify({ ...mine, pid: 0 }),
      JSON.stringify({ ...mine, pid: -1 }),
      JSON.stringify({ ...mine, pid: 2 ** 31 }),
      '',
      'null',
      '{"pid":',
      'x'.repeat(1_000_000),
    ]) {
      await writeFile(path, text)
      const lock = await acquireLock(path)
      expect(JSON.parse(await readFile(path, 'utf8')).pid).to.equal(process.pid)
      await lock.release()
      expect(await readdir(dir)).to.not.include('lock')
    }
  })

  it('is respected when the start of its live holder is unknown', async () => {
    await writeFile(path, JSON.stringify({ pid: process.ppid, started: null, id: 'x' }))
    await failure(acquireLock(path), 'store-locked')
  })

  it('that was taken over half (its taker died too) is taken over', async () => {
    // Takers of this very lock exclude each other by a lock named after its text.
    const text = await staleText()
    await writeFile(path, text)
    const removal = `${path}.${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
    await writeFile(removal, await staleText())
    const lock = await acquireLock(path)
    await lock.release()
    expect(await readdir(dir)).to.not.include('lock')
  })

  it('that is stale goes to exactly one of many takers in one process', async () => {
    const stale = await staleText()
    for (let round = 0; round < 20; round++) {
      await writeFile(path, stale)
      const results = await Promise.allSettled(Array.from({ length: 20 }, () => acquireLock(path)))
      const won = results.filter(result => result.status === 'fulfilled')
      expect(won).to.have.length(1)
      for (const result of results) if (result.status === 'rejected') expect(result.reason.code).to.equal('store-locked')
      await won[0]?.value.release()
    }
  })

  it('that is stale goes to exactly one of many processes', async () => {
    const stale = await staleText()
    for (let round = 0; round < 3; round++) {
      await writeFile(path, stale)
      const takers = await Promise.all(Array.from({ length: 8 }, () => start()))
      for (const taker of takers) taker.tell('go')
      const heard = await Promise.all(takers.map(taker => taker.line()))
      expect(heard.toSorted()).to.deep.equal([...Array(7).fill('store-locked'), 'won'])
      for (const taker of takers) taker.kill()
      await Promise.all(takers.map(taker => taker.gone()))
    }
  })

  describe('of another PID namespace', () => {
    before(function () {
      if (!hasContainers()) this.skip()
    })

    async function contained(): Promise<Child> {
      const child = new ContainedChild('holder.ts', path)
      children.push(child)
      expect(await child.line()).to.equal('ready')
      child.tell('go')
      return child
    }

    it('is respected while its holder lives, and free once it was killed', async () => {
      const child = await contained()
      expect(await child.line()).to.equal('won')
      expect(await isLocked(path)).to.equal(true)
      expect((await failure(acquireLock(path), 'store-locked')).message).to.match(/another container \(pid 1 there\)$/)
      child.kill()
      await child.gone()
      // its death is the system's to bring about
      while (await isLocked(path));
      await (await acquireLock(path)).release()
    })

    it('respects ours, though our pid is nobody there, and gets it when we let go', async () => {
      const presence = await showPresence(dir)
      const lock = await acquireLock(path, undefined, presence)
      const child = await contained()
      expect(await child.line()).to.equal('store-locked')
      await lock.release()
      await presence?.end()
      child.tell('go')
      expect(await child.line()).to.equal('won')
    })

    it('goes to one of many containers', async () => {
      const all = await Promise.all(Array.from({ length: 4 }, () => contained()))
      const heard = await Promise.all(all.map(child => child.line()))
      expect(heard.toSorted()).to.deep.equal([...Array(3).fill('store-locked'), 'won'])
    })
  })

  it('of another PID namespace without a presence counts for a day; with one elsewhere, as without', async () => {
    const away = { pid: 1, started: null, space: 'other-boot/pid:[1]', id: 'x' }
    for (const more of [{}, { presence: '../../../../../../etc/passwd' }, { presence: '/etc/passwd' }, { presence: 7 }]) {
      await writeFile(path, JSON.stringify({ ...away, ...more }))
      await failure(acquireLock(path), 'store-locked')
      const old = Date.now() / 1000 - 25 * 3600
      await utimes(path, old, old)
      await (await acquireLock(path)).release()
    }
    await writeFile(path, JSON.stringify({ ...away, presence: `holders/${randomUUID()}` }))
    await (await acquireLock(path)).release()
  })

  it('is made on a file system without hard links too', async function () {
    const shim = await noLinks(dir)
    if (shim === undefined) return this.skip()
    const child = new Child('holder.ts', path, { LD_PRELOAD: shim })
    children.push(child)
    expect(await child.line()).to.equal('ready')
    child.tell('go')
    expect(await child.line()).to.equal('won')
    expect((await failure(acquireLock(path), 'store-locked')).message).to.include(`pid ${child.pid}`)
  })

  it('can be given up while waiting for it', async () => {
    await holder()
    await failure(acquireLock(path, AbortSignal.timeout(1)), 'timeout')
    await failure(acquireLock(path, AbortSignal.abort()), 'aborted')
  })

  it('needs its folder', async () => {
    const error = await failure(acquireLock(join(dir, 'none', 'lock')), 'store-error')
    expect((error.cause as NodeJS.ErrnoException).code).to.equal('ENOENT')
  })
})

describe('a process', () => {
  it('lives with its own start only', async () => {
    expect(await isAlive(process.pid, await startOf(process.pid))).to.equal(true)
    expect(await isAlive(process.pid, null)).to.equal(true)
    expect(await isAlive(1, null)).to.equal(true)
    if (process.platform === 'linux') expect(await isAlive(process.pid, 'boot/1')).to.equal(false)
  })
})

describe('a presence', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-presence-'))
  })

  afterEach(() => rm(dir, { recursive: true }))

  it('leaves nothing when it ends, and clears up after the dead', async () => {
    const first = await showPresence(dir)
    await first?.end()
    await first?.end()
    expect(await readdir(join(dir, 'holders'))).to.deep.equal([])
    const dead = join(dir, 'holders', randomUUID())
    await writeFile(dead, '')
    await utimes(dead, 1, 1)
    const next = await showPresence(dir)
    expect(await readdir(join(dir, 'holders'))).to.deep.equal([basename(next?.path ?? '')])
    await next?.end()
  })

  it('is none where no file can be made', async () => {
    expect(await showPresence(join(dir, 'none'))).to.equal(undefined)
  })
})
