// The id of a group of this host; Node has no getgrnam(3).
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { UsageError } from './errors.ts'

/** By name or number. Rejects with a UsageError when there is no such group. */
export async function groupId(group: string): Promise<number> {
  if (/^\d{1,9}$/.test(group)) return Number(group)
  const { stdout } = await promisify(execFile)('getent', ['group', '--', group], { timeout: 10_000 }).catch(() => ({
    stdout: '',
  }))
  const id = stdout.split(':')[2]
  if (id === undefined || !/^\d+$/.test(id)) {
    throw new UsageError(
      `there is no group ${JSON.stringify(group.slice(0, 100))} on this host`,
      'name a group of /etc/group, or its number',
    )
  }
  return Number(id)
}
