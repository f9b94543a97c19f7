// How many threads hold connections: by the flag, else the variable, else the config file, else the cores.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { autoLinkWorkers, parseLinkWorkers, readLinkWorkers } from '../../src/cli/link-worker-flags.ts'
import { MAX_LINK_WORKERS } from '../../src/node/api/option-schemas.ts'

describe('cli/link-workers', () => {
  let home: string

  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'df-link-workers-'))
  })
  afterEach(async () => await rm(home, { recursive: true }))

  const byCores: Array<[cores: number, workers: number]> = [
    [1, 0],
    [2, 0],
    [3, 0],
    [4, 2],
    [8, 6],
    [10, 8],
    [16, 8],
    [128, 8],
  ]
  for (const [cores, workers] of byCores) {
    it(`${cores} cores: ${workers}`, () => expect(autoLinkWorkers(cores)).to.equal(workers))
  }

  it('a flag wins over the variable, which wins over the file', async () => {
    const auto = autoLinkWorkers(availableParallelism())
    expect(await readLinkWorkers({}, {}, home)).to.equal(auto)
    await writeFile(path.join(home, 'config.json'), '{"linkWorkers": 3}')
    expect(await readLinkWorkers({}, {}, home)).to.equal(3)
    expect(await readLinkWorkers({}, { DRAGONFLY_LINK_WORKERS: '4' }, home)).to.equal(4)
    expect(await readLinkWorkers({ linkWorkers: 0 }, { DRAGONFLY_LINK_WORKERS: '4' }, home)).to.equal(0)
    expect(await readLinkWorkers({ linkWorkers: 'auto' }, { DRAGONFLY_LINK_WORKERS: '4' }, home)).to.equal(auto)
  })

  it('takes what the library takes, and says where something else was found', async () => {
    expect(parseLinkWorkers(`${MAX_LINK_WORKERS}`)).to.equal(MAX_LINK_WORKERS)
    for (const text of [`${MAX_LINK_WORKERS + 1}`, '-1', '1.5', 'many', '']) expect(() => parseLinkWorkers(text), text).to.throw()
    await writeFile(path.join(home, 'config.json'), '{"linkWorkers": "some"}')
    const error = await readLinkWorkers({}, {}, home).catch(failure => failure)
    expect(error.message).to.match(/config\.json: linkWorkers: not a whole number from 0 to 64/)
  })
})
