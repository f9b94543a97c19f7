// A process that evicts one content after the other until it is killed. Arguments: store folder.
import { openDiskStore } from '../../src/store/disk.ts'

const [dir = ''] = process.argv.slice(2)
const store = await openDiskStore(dir, { quota: 1 })
process.stdout.write('evicting\n')
await store.gc()
process.stdout.write('done\n')
