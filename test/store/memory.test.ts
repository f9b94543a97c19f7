import { expect } from 'chai'
import { openMemoryStore } from '../../src/store/memory.ts'
import { storeContract } from './contract.ts'

storeContract('the memory store', async () => openMemoryStore())

describe('the memory store', () => {
  it('has room without end', async () => {
    expect(await openMemoryStore().freeSpace()).to.equal(Number.POSITIVE_INFINITY)
  })
})
