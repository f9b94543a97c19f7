// Slow hashes of private tasks: once for the same credentials, off the main thread, one at a time for each asker.
import { expect } from 'chai'
import { makeTask, type Task } from '../../../src/core/task.ts'
import { TaskKeys } from '../../../src/node/seeding/task-keys.ts'

const URL = 'http://origin.example/private'
const task = (secret: string) => makeTask({ url: URL, headers: [['authorization', secret]] })

describe('keys of private tasks', () => {
  it('are those that the task derives itself', async () => {
    const [here, aside] = [task('a'), await new TaskKeys().of('peer', task('a'))]
    expect([aside.id, aside.secret]).to.deep.equal([here.id, here.secret])
    expect(aside.id).to.not.equal(task('b').id)
  })

  it('are derived once for a crowd with the same credentials', async () => {
    const keys = new TaskKeys()
    const ids = await Promise.all(Array.from({ length: 20 }, async (_, i) => (await keys.of(`peer ${i}`, task('a'))).id))
    expect([new Set(ids).size, keys.count]).to.deep.equal([1, 1])
  })

  it('let nobody wait behind the many of another asker', async () => {
    const keys = new TaskKeys()
    let done = 0
    const flood = Array.from({ length: 20 }, (_, i) => keys.of('flooder', task(`${i}`)).then(() => done++))
    await keys.of('another', task('a'))
    // one of the flooder's runs beside, and one may have come before
    expect(done).to.be.at.most(3)
    await Promise.all(flood)
    expect(keys.count).to.equal(21)
  })

  it('of a public task take no time', () => {
    const open: Task = makeTask({ url: URL })
    expect(open.derive).to.equal(undefined)
  })
})
