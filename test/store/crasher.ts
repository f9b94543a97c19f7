// A process that puts pieces and appends records until it is killed. Arguments: store folder, bytes of the content.
import { openDiskStore } from '../../src/store/disk.ts'
import { makeMaterial, PIECE_LENGTH } from './material.ts'

const [dir = '', length = ''] = process.argv.slice(2)
const material = makeMaterial(Number(length))
const store = await openDiskStore(dir)
const entry = await store.open('crash')
for (let index = 0; index < material.table.count; index += 4) {
  await Promise.all(
    [0, 1, 2, 3].map(async lane => {
      const mine = index + lane
      if (mine >= material.table.count) return
      await entry.put(await material.piece(mine), PIECE_LENGTH)
      await entry.append(new Uint8Array(1000 + mine).fill(mine))
      process.stdout.write(`${mine}\n`)
    }),
  )
}
setInterval(() => {}, 1000)
