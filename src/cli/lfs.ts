// df lfs: git-lfs downloads its objects through the swarm.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { UsageError } from './errors.ts'
import { OK } from './exit-codes.ts'
import type { LfsCommand, LfsFlags } from './lfs-flags.ts'
import { tellFailure } from './tell-failure.ts'

/** How git's configuration calls the agent. */
export const AGENT = 'dragonfly'
const GIT_TIMEOUT_MS = 30_000

/** Resolves to the exit code; whatever went wrong was told. */
export async function lfs(command: LfsCommand, flags: LfsFlags, name: string): Promise<number> {
  try {
    if (command === 'agent') await (await import('./lfs-agent.ts')).runAgent(process.stdin, process.stdout)
    else if (command === 'install') await install(flags, name)
    else await uninstall(flags)
    return OK
  } catch (error) {
    return tellFailure(error, {}, name)
  }
}

/** Batch servers choose among names that they know, which are those of git-lfs: so the agent is one that needs no server's choice. */
function settings(): [key: string, value: string][] {
  const [program, args] = agentCommand()
  return [
    [`lfs.customtransfer.${AGENT}.path`, program],
    [`lfs.customtransfer.${AGENT}.args`, args],
    ['lfs.standalonetransferagent', AGENT],
  ]
}

/** By its name, which an update does not change, where git finds it; git gives both to a shell. */
function agentCommand(): [path: string, args: string] {
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  if (folders.some(folder => path.isAbsolute(folder) && existsSync(path.join(folder, 'dragonfly'))))
    return ['dragonfly', 'lfs agent']
  const main = (process.argv[1] ?? '').replaceAll("'", "'\\''")
  return [process.execPath, `'${main}' lfs agent`]
}

async function install(flags: LfsFlags, name: string): Promise<void> {
  const before = await config(flags, ['--get', 'lfs.standalonetransferagent']).catch(() => '')
  if (before !== '' && before !== AGENT)
    throw new UsageError(
      `git lfs has another transfer agent already: ${before}`,
      'git config --unset lfs.standalonetransferagent',
    )
  for (const [key, value] of settings()) await config(flags, [key, value])
  process.stdout.write(`git lfs downloads through the swarm now; to take it back: ${name} lfs uninstall\n`)
}

async function uninstall(flags: LfsFlags): Promise<void> {
  const agent = await config(flags, ['--get', 'lfs.standalonetransferagent']).catch(() => '')
  if (agent === AGENT) await config(flags, ['--unset', 'lfs.standalonetransferagent'])
  await config(flags, ['--remove-section', `lfs.customtransfer.${AGENT}`]).catch(() => {})
}

async function config({ local }: LfsFlags, args: readonly string[]): Promise<string> {
  const run = promisify(execFile)
  try {
    const { stdout } = await run('git', ['config', local ? '--local' : '--global', ...args], { timeout: GIT_TIMEOUT_MS })
    return stdout.trim()
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string }
    if (code === 'ENOENT') throw new UsageError('git is not installed', 'install git and git-lfs')
    throw new UsageError(
      stderr.trim().split('\n')[0] || 'git config failed',
      local ? 'run it in a repository' : 'check git config',
    )
  }
}
