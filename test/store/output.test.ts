import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, statfs, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import type { DragonflyError } from '../../src/core/errors.ts'
import { openDiskStore } from '../../src/store/disk.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import { checkOutput, placeBytes, placeFile, tempPath } from '../../src/store/output.ts'
import { ensureSpace } from '../../src/store/space.ts'
import type { Store } from '../../src/store/store.ts'
import { failure } from './expect-error.ts'
import { hex, makeMaterial, PIECE_LENGTH, putAll } from './material.ts'

const LENGTH = 5 * PIECE_LENGTH + 17

/** Root may write everywhere: as somebody else for a moment. Anybody else is nobody enough. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return work()
  process.seteuid?.(65534)
  try {
    await work()
  } finally {
    process.seteuid?.(0)
  }
}

describe('output', () => {
  const material = makeMaterial(LENGTH)
  let dir: string
  let mounts: string[]

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-output-'))
    mounts = []
  })

  afterEach(async () => {
    // Lazily: a failed test may still have files open there.
    for (const mount of mounts) execFileSync('umount', ['-l', mount])
    await rm(dir, { recursive: true })
  })

  /** A small filesystem of its own at dir/NAME; undefined where we may not mount. */
  async function mount(name: string, ...options: string[]): Promise<string | undefined> {
    const path = join(dir, name)
    await mkdir(path)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options.join(','), 'df-test', path], { stdio: 'pipe' })
    } catch (error) {
      console.warn(`SKIPPED: cannot mount a tmpfs here (needs root on Linux): ${String(error)}`)
      return undefined
    }
    mounts.push(path)
    return path
  }

  /** Both stores, each with the whole content in entry `k`. */
  async function withStores(use: (store: Store, name: string) => Promise<void>): Promise<void> {
    for (const [name, make] of [
      ['disk', () => openDiskStore(join(dir, 'store'))],
      ['memory', async () => openMemoryStore()],
    ] as const) {
      const store = await make()
      await putAll(await store.open('k'), material)
      await use(store, name)
      await store.stop()
    }
  }

  /** Hands over to `target`, which must fail and leave `folder` as it is and the entry whole. */
  async function failsHandOver(target: string, folder: string, code: 'output-unwritable' | 'no-space'): Promise<void> {
    await withStores(async store => {
      const entry = await reopened(store)
      const before = await readdir(folder)
      for (const how of ['copy', 'move'] as const) await failure(entry.handOver(target, LENGTH, how), code)
      expect(await readdir(folder)).to.deep.equal(before)
      expect(hex(await entry.read(0, LENGTH, PIECE_LENGTH))).to.equal(hex(material.bytes))
    })
  }

  async function reopened(store: Store) {
    const entry = await store.open('full')
    await putAll(entry, material)
    return entry
  }

  it('takes bytes as they come, and is not there when they break off', async () => {
    async function* bytes(fails: boolean): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(1, 2)
      if (fails) throw new Error('broke off')
      yield Uint8Array.of(3)
    }
    const folder = await mkdtemp(join(tmpdir(), 'df-bytes-'))
    const target = join(folder, 'file')
    await failure(placeBytes(target, bytes(true)), 'output-unwritable')
    expect(await readdir(folder)).to.deep.equal([])
    await placeBytes(target, bytes(false))
    expect([...(await readFile(target))]).to.deep.equal([1, 2, 3])
    expect(await readdir(folder)).to.deep.equal(['file'])
    await rm(folder, { recursive: true })
  })

  describe('can be made', () => {
    it('in a folder that takes files, and leaves nothing of the try', async () => {
      await checkOutput(join(dir, 'new'))
      expect(await readdir(dir)).to.deep.equal([])
      await writeFile(join(dir, 'old'), 'x')
      await checkOutput(join(dir, 'old'))
      expect(await readFile(join(dir, 'old'), 'utf8')).to.equal('x')
    })

    it('with the longest name', async () => {
      const entry = await openMemoryStore().open('k')
      await putAll(entry, material)
      for (const name of ['x'.repeat(255), 'é'.repeat(127), `a${'🐉'.repeat(63)}`]) {
        expect(Buffer.byteLength(basename(tempPath(join(dir, name))))).to.be.within(240, 255)
        await entry.handOver(join(dir, name), LENGTH, 'copy')
        expect((await stat(join(dir, name))).size).to.equal(LENGTH)
      }
      expect(basename(tempPath('/x/name.iso'))).to.match(new RegExp(`^\\.name\\.iso\\.df-${process.pid}-[0-9a-z]{8}$`))
    })

    it('with the permissions that any new file gets', async () => {
      const before = process.umask(0o027)
      try {
        await withStores(async (store, name) => {
          const entry = await reopened(store)
          for (const how of ['copy', 'move'] as const) {
            await entry.handOver(join(dir, `${name}-${how}`), LENGTH, how)
            expect((await stat(join(dir, `${name}-${how}`))).mode & 0o777).to.equal(0o640)
          }
        })
      } finally {
        process.umask(before)
      }
    })

    it('through a symbolic link, which stays one', async () => {
      await mkdir(join(dir, 'real'))
      await writeFile(join(dir, 'real', 'file'), 'old')
      await symlink('real/file', join(dir, 'link'))
      const entry = await openMemoryStore().open('k')
      await putAll(entry, material)
      await entry.handOver(join(dir, 'link'), LENGTH, 'copy')
      expect((await lstat(join(dir, 'link'))).isSymbolicLink()).to.equal(true)
      expect(hex(await readFile(join(dir, 'real', 'file')))).to.equal(hex(material.bytes))
    })
  })

  it('appears where a symbolic link leads that led to nothing', async () => {
    await mkdir(join(dir, 'real'))
    await symlink('real/second', join(dir, 'link'))
    await symlink('../real/file', join(dir, 'real', 'second'))
    const entry = await openMemoryStore().open('k')
    await putAll(entry, material)
    await entry.handOver(join(dir, 'link'), LENGTH, 'copy')
    expect((await lstat(join(dir, 'link'))).isSymbolicLink()).to.equal(true)
    expect(hex(await readFile(join(dir, 'real', 'file')))).to.equal(hex(material.bytes))
    await symlink('none/file', join(dir, 'lost'))
    expect((await failure(checkOutput(join(dir, 'lost')), 'output-unwritable')).hint).to.include('mkdir -p')
    await symlink('circle', join(dir, 'circle'))
    expect((await failure(checkOutput(join(dir, 'circle')), 'output-unwritable')).message).to.include('circle')
  })

  describe('is written as a stream', () => {
    it('into a device, which stays one', async () => {
      await checkOutput('/dev/null')
      await withStores(async store => {
        const entry = await reopened(store)
        for (const how of ['copy', 'move'] as const) await entry.handOver('/dev/null', LENGTH, how)
      })
      expect((await stat('/dev/null')).isCharacterDevice()).to.equal(true)
      await withStores(async store => {
        const entry = await reopened(store)
        expect((await failure(entry.handOver('/dev/full', LENGTH, 'move'), 'no-space')).message).to.include('/dev/full')
      })
    })

    it('into a named pipe', async () => {
      execFileSync('mkfifo', [join(dir, 'pipe')])
      await withStores(async store => {
        const reader = readFile(join(dir, 'pipe'))
        await (await reopened(store)).handOver(join(dir, 'pipe'), LENGTH, 'copy')
        expect(hex(await reader)).to.equal(hex(material.bytes))
      })
    })
  })

  describe('is written over what is there', () => {
    async function overwrites(target: string): Promise<void> {
      const { ino } = await stat(target)
      await withStores(async store => {
        const entry = await reopened(store)
        for (const how of ['copy', 'move'] as const) {
          await writeFile(target, new Uint8Array(2 * LENGTH))
          await checkOutput(target)
          await entry.handOver(target, LENGTH, how)
          expect(hex(await readFile(target))).to.equal(hex(material.bytes))
        }
      })
      expect((await stat(target)).ino).to.equal(ino)
    }

    it('when that is a mount point', async function () {
      await writeFile(join(dir, 'outside'), '')
      await writeFile(join(dir, 'out'), '')
      try {
        execFileSync('mount', ['--bind', join(dir, 'outside'), join(dir, 'out')], { stdio: 'pipe' })
      } catch (error) {
        console.warn(`SKIPPED: cannot mount a file here (needs root on Linux): ${String(error)}`)
        return this.skip()
      }
      mounts.push(join(dir, 'out'))
      await overwrites(join(dir, 'out'))
      expect((await readdir(dir)).toSorted()).to.deep.equal(['out', 'outside', 'store'])
    })

    it('when its folder takes no files', async () => {
      await mkdir(join(dir, 'closed'))
      await writeFile(join(dir, 'closed', 'out'), '')
      await chmod(join(dir, 'closed', 'out'), 0o666)
      await chmod(join(dir, 'closed'), 0o555)
      await chmod(dir, 0o777)
      await asNobody(() => overwrites(join(dir, 'closed', 'out')))
      await chmod(join(dir, 'closed'), 0o755)
    })
  })

  describe('cannot be made, and says why,', () => {
    async function fails(target: string, why: string): Promise<void> {
      const error = await failure(checkOutput(target), 'output-unwritable')
      expect(error.message).to.include(target).and.include(why)
      expect(error.hint ?? '').to.not.equal('')
    }

    it('in a folder that is not there', async () => {
      await fails(join(dir, 'none', 'out'), 'does not exist')
      expect((await failure(checkOutput(join(dir, 'none', 'out')), 'output-unwritable')).hint).to.include('mkdir -p')
      await failsHandOver(join(dir, 'none', 'out'), dir, 'output-unwritable')
    })

    it('below a file', async () => {
      await writeFile(join(dir, 'file'), '')
      await fails(join(dir, 'file', 'out'), 'is not a folder')
      await fails(join(dir, 'file', 'deeper', 'out'), 'is not a folder')
    })

    it('where a folder is', async () => {
      await mkdir(join(dir, 'folder'))
      await fails(join(dir, 'folder'), 'it is a folder')
      await failsHandOver(join(dir, 'folder'), join(dir, 'folder'), 'output-unwritable')
    })

    it('over a block device or a socket', async function () {
      const server = createServer().listen(join(dir, 'socket'))
      await once(server, 'listening')
      await fails(join(dir, 'socket'), 'a block device or a socket')
      server.close()
      try {
        execFileSync('mknod', [join(dir, 'disk'), 'b', '7', '250'], { stdio: 'pipe' })
      } catch (error) {
        console.warn(`SKIPPED: cannot make a block device here: ${String(error)}`)
        return this.skip()
      }
      await fails(join(dir, 'disk'), 'a block device or a socket')
    })

    it('without a whole path, or with an overlong name', async () => {
      await fails('out', 'not absolute')
      await fails(join(dir, 'x'.repeat(256)), 'too long')
    })

    it('in /proc', async function () {
      if (process.platform !== 'linux') return this.skip()
      await failure(checkOutput('/proc/out'), 'output-unwritable')
    })

    it('without permission', async () => {
      await chmod(dir, 0o755)
      await mkdir(join(dir, 'closed'))
      await mkdir(join(dir, 'closed', 'inner'))
      await chmod(join(dir, 'closed'), 0o555)
      await asNobody(() => fails(join(dir, 'closed', 'out'), 'no permission'))
      await chmod(join(dir, 'closed'), 0o600)
      await asNobody(() => fails(join(dir, 'closed', 'inner', 'out'), 'no permission'))
      await chmod(join(dir, 'closed'), 0o700)
    })

    it('on a read-only filesystem', async function () {
      const path = await mount('read-only', 'ro', 'size=1m')
      if (path === undefined) return this.skip()
      await fails(join(path, 'out'), 'read-only')
      await failsHandOver(join(path, 'out'), path, 'output-unwritable')
    })
  })

  it('appears on another filesystem too, whole, and the entry is gone after a move', async function () {
    const path = await mount('other', 'size=4m')
    if (path === undefined) return this.skip()
    await withStores(async (store, name) => {
      const entry = await reopened(store)
      for (const how of ['copy', 'move'] as const) {
        const target = join(path, `${name}-${how}`)
        await writeFile(target, 'old')
        await entry.handOver(target, LENGTH, how)
        expect(hex(await readFile(target))).to.equal(hex(material.bytes))
        expect((await stat(target)).mode & 0o777).to.equal(0o666 & ~process.umask())
      }
      expect(await store.keys()).to.deep.equal(['k'])
    })
    expect((await readdir(path)).toSorted()).to.deep.equal(['disk-copy', 'disk-move', 'memory-copy', 'memory-move'])
  })

  it('is not there when its filler fails or writes too little, and the old one stays', async () => {
    const target = join(dir, 'out')
    await writeFile(target, 'old')
    await failure(
      placeFile(target, 9, {
        read: async () => 0,
        copyTo: async temp => {
          await writeFile(temp, 'half')
          throw new Error('broken')
        },
      }),
      'output-unwritable',
    )
    await failure(placeFile(target, 9, { read: async () => 0, copyTo: temp => writeFile(temp, 'half') }), 'store-error')
    const stop = new AbortController()
    const aborted = placeFile(
      target,
      4,
      {
        read: async () => 0,
        copyTo: async temp => {
          await writeFile(temp, 'full')
          stop.abort()
        },
      },
      stop.signal,
    )
    await failure(aborted, 'aborted')
    expect(await readdir(dir)).to.deep.equal(['out'])
    expect(await readFile(target, 'utf8')).to.equal('old')
  })

  describe('a full disk', () => {
    it('is said before, in numbers that a person reads', async () => {
      const { bavail, bsize } = await statfs(dir)
      const free = bavail * bsize
      await ensureSpace(dir, 0)
      await ensureSpace(dir, Math.floor(free / 2))
      const error = await failure(ensureSpace(dir, free + 2 ** 40), 'no-space')
      expect(error.message).to.match(/needs [\d.]+ TiB but has only [\d.]+ [MGT]iB free/)
      expect(error.hint).to.include('free some space')
      await ensureSpace(join(dir, 'none'), 2 ** 50)
      if (process.platform === 'linux') await ensureSpace('/proc', 2 ** 50)
    })

    it('as target leaves no half file, and the entry is whole', async function () {
      const path = await mount('small', 'size=256k')
      if (path === undefined) return this.skip()
      await writeFile(join(path, 'out'), 'old')
      await failsHandOver(join(path, 'out'), path, 'no-space')
      expect(await readFile(join(path, 'out'), 'utf8')).to.equal('old')
    })

    it('under the store refuses pieces and records, keeps what it has, and goes on when there is room', async function () {
      const path = await mount('small', 'size=1m')
      if (path === undefined) return this.skip()
      const big = makeMaterial(40 * PIECE_LENGTH)
      const store = await openDiskStore(path)
      let entry = await store.open('k')
      await entry.append(Uint8Array.of(1))
      await writeFile(join(path, 'ballast'), new Uint8Array(200_000))
      const kept: number[] = []
      let next = 0
      for (let error: unknown; error === undefined; next++) {
        error = await entry.put(await big.piece(next), PIECE_LENGTH).then(
          () => void kept.push(next),
          reason => reason,
        )
        if (error !== undefined) expect((error as DragonflyError).code).to.equal('no-space')
      }
      next--
      expect(kept.length).to.be.within(8, 14)
      expect(entry.has(next)).to.equal(false)
      expect(entry.count).to.equal(kept.length)
      await failure(entry.append(new Uint8Array(1_000_000)), 'no-space')
      await rm(join(path, 'ballast'))
      await entry.append(Uint8Array.of(2))
      await entry.put(await big.piece(next), PIECE_LENGTH)
      await entry.close()
      entry = await store.open('k')
      expect((await entry.records()).map(hex)).to.deep.equal(['01', '02'])
      expect([...(await entry.recover(big.table))]).to.include.members([...kept, next])
      await store.stop()
    })
  })
})
