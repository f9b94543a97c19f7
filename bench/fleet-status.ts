// What df fleet status costs the daemon that asks: time, bytes and memory by the number of members, each of which names ten downloads.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { FleetLab } from '../test/e2e/fleet-lab.ts'
import { Lab } from '../test/e2e/lab.ts'
import { cpuSecondsOf, peakBytesOf, residentBytesOf } from './process.ts'
import { circumstances, MiB, mib, publish, table } from './report.ts'

const { values } = parseArgs({
  options: { members: { type: 'string', default: '100,1000' }, connected: { type: 'boolean', default: false } },
})
const MEMBERS = fileURLToPath(new URL('fleet-members.ts', import.meta.url))

// a network of its own, where nobody else's bytes are counted
if (process.env.OWN_NETWORK === undefined) {
  const again = ['sh', '-c', 'ip link set lo up && exec "$0" "$@"', process.execPath, ...process.argv.slice(1)]
  const { status } = spawnSync('unshare', ['--net', ...again], { stdio: 'inherit', env: { ...process.env, OWN_NETWORK: '1' } })
  process.exit(status ?? 1)
}

const stay = values.connected ? ['connected'] : []
const rows: string[][] = []
for (const count of values.members.split(',').map(Number)) rows.push(await measured(count))

await publish(
  'fleet-status',
  `# What df fleet status costs

${table(['members', 'answered', 'first time, s', 'again, s', 'MiB on the line', 'MiB as JSON', 'CPU of the daemon, s', 'MiB before', 'MiB at most'], rows)}

Members that are light hosts of one process on the same machine: each takes 0.75 s to answer, as a daemon does, and names ten downloads. ${values.connected ? 'They are connected.' : 'The first time each of them has to be dialled.'} Bytes on the line: both directions of loopback, handshakes and the fleet's own talk included. Memory: of the
daemon that asks, resident.

${await circumstances(`npm run bench:fleet-status -- --members ${values.members}${values.connected ? ' --connected' : ''}`)}`,
)

async function measured(count: number): Promise<string[]> {
  const lab = await Lab.open()
  try {
    const fleet = await FleetLab.open(lab, 1)
    const [asker] = fleet.members as [(typeof fleet.members)[0]]
    const members = spawn(process.execPath, [MEMBERS, fleet.file, asker.address, String(count - 1), ...stay], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      await once(members.stdout, 'data')
      const known = (await asker.node.status(0)).fleet?.total
      const [before, cpu, bytes] = [residentBytesOf(asker.pid), cpuSecondsOf(asker.pid), await loopbackBytes()]
      const first = await asked(lab)
      const [after, moved] = [cpuSecondsOf(asker.pid), await loopbackBytes()]
      const second = await asked(lab)
      const row = [
        `${(known ?? 0) + 1}`,
        `${first.answered} / ${second.answered}`,
        ...[first.seconds, second.seconds].map(s => s.toFixed(1)),
        ((moved - bytes) / MiB).toFixed(1),
        (first.bytes / MiB).toFixed(1),
        (after - cpu).toFixed(1),
        mib(before),
        mib(peakBytesOf(asker.pid)),
      ]
      console.log(row.join('  '))
      return row
    } finally {
      members.kill('SIGKILL')
      await fleet.close()
    }
  } finally {
    await lab.close()
  }
}

async function asked(lab: Lab): Promise<{ answered: number; seconds: number; bytes: number }> {
  const begun = performance.now()
  const { lines, stdout, stderr, code } = await lab.df(['fleet', 'status', '--json'], 'member-0').ended
  if (code !== 0) throw new Error(stderr)
  return { answered: Number(lines.at(-1)?.answered), seconds: (performance.now() - begun) / 1000, bytes: stdout.byteLength }
}

async function loopbackBytes(): Promise<number> {
  return Number(await readFile('/proc/net/dev', 'utf8').then(text => /^ *lo: *(\d+)/m.exec(text)?.[1]))
}
