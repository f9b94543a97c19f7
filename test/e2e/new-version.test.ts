// A file that changes at its origin, by real processes: of a new version only what is new moves.
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { NOWHERE } from '../origin/sources/environment.ts'
import { COMMIT, HubServer, NEXT_COMMIT } from '../origin/sources/hub-server.ts'
import { hasNginx, type Lab, LISTEN } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024
const PIECE = 128 * 1024

describe('a new version', () => {
  let lab: Lab

  before(function () {
    if (!hasNginx()) this.skip()
  })
  labForEach(l => {
    lab = l
  })

  it('moves from the seed what is new, to the file that was downloaded before', async () => {
    await lab.folder('www')
    const old = randomBytes(24 * MiB)
    await writeFile(lab.path('www', 'image.bin'), old)
    const origin = await lab.nginx()
    const seed = await lab.seed()
    const url = `${origin.url}/image.bin`
    const get = (...args: string[]) =>
      lab.df(['get', '--json', '--seed', seed.address, '--no-origin', ...args, url], 'home').ended
    const first = await get('-o', 'image.bin')
    expect(first.code, first.stderr).to.equal(0)
    expect(first.lines.at(-1)).to.not.have.property('reused')

    // inserted near the beginning, changed in the middle, cut off at the end
    const body = Buffer.concat([old.subarray(0, 3 * MiB), Buffer.from('inserted'), old.subarray(3 * MiB, 23 * MiB)])
    randomBytes(100).copy(body, 14 * MiB)
    await writeFile(lab.path('www', 'image.bin'), body)
    // the seed has all of it before anybody asks
    const warm = await get('--revalidate', '-o', 'elsewhere.bin')
    expect(warm.code, warm.stderr).to.equal(0)

    const second = await get('-o', 'image.bin')
    expect(second.code, second.stderr).to.equal(0)
    expect((await readFile(lab.path('image.bin'))).equals(body)).to.equal(true)
    const { reused, resumed, fromSeeds, bytes } = second.lines.at(-1) as Record<string, number>
    expect(bytes).to.equal(body.length)
    expect(reused).to.equal(resumed)
    expect((reused ?? 0) + (fromSeeds ?? 0)).to.equal(body.length)
    expect(fromSeeds).to.be.within(1, 6 * PIECE)
  })

  it('of a shared folder moves the new parts of its files, from the host that shares it', async () => {
    const folder = await lab.folder('www/tree')
    const old = randomBytes(12 * MiB)
    await writeFile(`${folder}/model.bin`, old)
    await writeFile(`${folder}/config.json`, '{}')
    const share = async (home: string) => {
      const running = lab.df(['share', '--no-daemon', '--json', ...LISTEN, folder], home)
      const [shared, ready] = [await running.line('shared'), await running.line('sharing')]
      return { url: shared.url as string, address: (ready.addresses as string[])[0] as string }
    }
    const get = async ({ url, address }: Awaited<ReturnType<typeof share>>) => {
      const args = ['get', '--json', '--no-daemon', '--bootstrap', address, '-P', lab.path('out'), url]
      const ended = await lab.df(args, 'getter').ended
      expect(ended.code, ended.stderr).to.equal(0)
      return ended.lines.filter(({ type, output }) => type === 'done' && String(output).endsWith('model.bin'))
    }
    await get(await share('sharer'))
    const body = Buffer.concat([old.subarray(0, 5 * MiB), Buffer.from('inserted'), old.subarray(5 * MiB)])
    await writeFile(`${folder}/model.bin`, body)
    const [done] = await get(await share('sharer-again'))
    expect((await readFile(lab.path('out', 'model.bin'))).equals(body)).to.equal(true)
    expect(done)
      .to.have.property('reused')
      .at.least(body.length - 3 * PIECE)
  })

  it('of a model moves the new parts of its files', async () => {
    const old = randomBytes(8 * MiB)
    const body = Buffer.concat([old.subarray(0, MiB), Buffer.from('inserted'), old.subarray(MiB)])
    const file = { repo: 'org/model', path: 'a/model.safetensors' }
    const hub = await HubServer.start([
      { ...file, body: old, commit: COMMIT },
      { ...file, body, commit: NEXT_COMMIT },
    ])
    try {
      const seed = await lab.seed()
      const get = async (folder: string) => {
        const args = ['get', '--json', '--no-daemon', '--seed', seed.address, '-P', folder, 'hf://org/model']
        const ended = await lab.df(args, `home-${folder}`, { ...NOWHERE, HF_ENDPOINT: hub.url }).ended
        expect(ended.code, ended.stderr).to.equal(0)
        return ended.lines.find(({ type }) => type === 'done')
      }
      await get('out')
      hub.head = NEXT_COMMIT
      await get('warm')
      const done = await get('out')
      expect((await readFile(lab.path('out', 'a', 'model.safetensors'))).equals(body)).to.equal(true)
      expect(done)
        .to.have.property('reused')
        .at.least(body.length - 3 * PIECE)
    } finally {
      await hub.stop()
    }
  })
})
