// Finds the versions of the tools that were run.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { NGINX } from './origin.ts'
import { VERSION as WEBTORRENT } from './tools/webtorrent.ts'

/** A shell command that says it, for each tool. df is told of elsewhere. */
const COMMANDS: Record<string, string> = {
  nginx: `${NGINX} -v 2>&1 | sed 's/.*: //'`,
  curl: "curl --version | sed -n '1s/^\\(curl [^ ]*\\).*/\\1/p'",
  aria2: "aria2c --version | sed -n '1s/ version//p'",
  libtorrent: `/usr/bin/python3 -c 'import libtorrent; print("libtorrent", libtorrent.__version__)'`,
  webtorrent: `echo webtorrent ${WEBTORRENT}`,
}

export async function versions(tools: readonly string[]): Promise<string[]> {
  const commands = ['nginx', ...tools].map(tool => COMMANDS[tool]).filter(command => command !== undefined)
  return await Promise.all(commands.map(async command => (await promisify(execFile)('sh', ['-c', command])).stdout.trim()))
}
