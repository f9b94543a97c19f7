// A process that takes a lock when told to, says how that went, and keeps it until its standard input ends.
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { DragonflyError } from '../../src/core/errors.ts'
import { acquireLock } from '../../src/store/lock.ts'
import { showPresence } from '../../src/store/presence.ts'

const [path = ''] = process.argv.slice(2)
const presence = await showPresence(dirname(path))
process.stdout.write('ready\n')
for await (const _ of createInterface({ input: process.stdin })) {
  try {
    await acquireLock(path, undefined, presence)
    process.stdout.write('won\n')
  } catch (error) {
    process.stdout.write(`${error instanceof DragonflyError ? error.code : String(error)}\n`)
  }
}
process.exit()
