// Declares df share.
import type { Command } from 'commander'
import { UsageError } from './errors.ts'
import { fleetFlag } from './fleet-flags.ts'
import { addLimitFlags } from './limit-flags.ts'
import { addLogFlags, list, REPEAT } from './options.ts'
import type { ShareFlags } from './share.ts'

/** Adds the command under the program called `name`. */
export function addShare(program: Command, name: string, run: (paths: string[], flags: ShareFlags) => Promise<void>): void {
  const command = program
    .command('share')
    .description('share files or folders with whoever has the address that is printed; no origin is needed')
    .argument('[path...]', 'files or folders')
    .option('--list', 'list what the daemon of this user shares')
    .addOption(list('--stop <address or path>', `end the sharing of this file or folder by the daemon ${REPEAT}`))
    .option('--watch', 'share a folder anew whenever it changes, by its name; the daemon does it')
    .option('--name <name>', 'name that is suggested to who fetches it (default: its own)')
    .addOption(list('--listen <multiaddr>', `listen on this address (default: any free port, IPv4 and IPv6) ${REPEAT}`))
    .addOption(list('--announce <multiaddr>', `announce this address instead of those of the interfaces ${REPEAT}`))
    .addOption(list('--bootstrap <address>', `a peer to join through, or dns:NAME that lists some; not trusted ${REPEAT}`))
    .addOption(list('--seed <multiaddr>', `a seed that is told of it when it is asked for, and a way to others ${REPEAT}`))
    .addOption(fleetFlag())
    .option('--store <dir>', 'folder for pieces')
    .option('--no-lan', 'do not look for peers on the local network (by multicast DNS)')
    .option('--no-daemon', 'serve it from this process, although a daemon runs on this host')
    .option('--json', 'print one JSON object per line on standard output')
  addLimitFlags(command)
  addLogFlags(command, 'warn; with --json nothing')
    .addHelpText('after', help(name))
    .action(async (paths: string[], flags: ShareFlags) => {
      checkShare(paths, flags)
      await run(paths, flags)
    })
}

/** Throws a UsageError for what does not go together. */
function checkShare(paths: readonly string[], { list, stop, watch, daemon }: ShareFlags): void {
  const isAsking = list === true || stop !== undefined
  if (isAsking && (paths.length > 0 || (list === true && stop !== undefined)))
    throw new UsageError('--list and --stop stand alone', 'share, list and stop one after the other')
  if (isAsking && !daemon) throw new UsageError('--list and --stop ask the daemon', 'leave out --no-daemon')
  if (watch === true && !daemon) throw new UsageError('--watch is for the daemon', 'leave out --no-daemon')
  if (!isAsking && paths.length === 0) throw new UsageError('nothing to share', 'name a file or a folder, or --list')
}

function help(name: string): string {
  return `
Examples:
  ${name} share big.iso
  ${name} share photos/
  ${name} share --watch models/
  ${name} share --list
  ${name} share --stop big.iso
  ${name} share --bootstrap /ip4/10.0.0.1/tcp/4801/p2p/12D3Koo… big.iso
  ${name} get 'dragonfly:bafy…?name=big.iso'                       # on another host

With a daemon of this user it is the daemon that shares, and the command ends at once. Otherwise it shares until Ctrl-C. Whoever has
the address can fetch it; nobody else is told what it is. A file that is changed or removed is not shared any more: share it again.
With --watch a folder is shared by its name, as dragonfly://NAME/, until the daemon ends or --stop: as it is when it is fetched.
`
}
