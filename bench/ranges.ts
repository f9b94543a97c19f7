// Downloads one file with df, curl and aria2 where the origin limits each connection, and where the line limits all of them together.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { DF, Lab } from '../test/e2e/lab.ts'
import { SlowLine } from '../test/world/slow-line.ts'
import { parseSize, randomFile } from './material.ts'
import { measure } from './process.ts'
import { circumstances, MiB, publish, table } from './report.ts'

const { values } = parseArgs({
  options: { size: { type: 'string', default: '100MiB' }, rate: { type: 'string', default: '2MiB' } },
})
const size = parseSize(values.size)
const rate = parseSize(values.rate)
const ARIA2 = ['/usr/bin/aria2c', '/usr/local/bin/aria2c', '/opt/homebrew/bin/aria2c'].find(existsSync)

const lab = await Lab.open()
const line = new SlowLine(rate)
try {
  await randomFile(lab.path('www', 'file.bin'), size)
  const limited = await lab.nginx({ limitRate: String(rate) })
  const free = await lab.nginx()
  const port = await line.to(Number(new URL(free.url).port))
  const places = [
    { name: 'a limit for each connection', url: `${limited.url}/file.bin`, bytes: () => limited.bytes() },
    { name: 'a limit for all together', url: `http://127.0.0.1:${port}/file.bin`, bytes: async () => line.passed },
  ]
  const out = lab.path('out')
  const ways: [name: string, command: string, args: string[]][] = [
    ['curl', 'curl', ['-sSf', '-o', out]],
    ['df get', DF, ['get', '--quiet', '-o', out]],
  ]
  const aria = (n: string): string[] => ['-q', '-x', n, '-s', n, '-k', '1M', '-d', lab.path(), '-o', 'out']
  if (ARIA2 !== undefined) ways.push(['aria2c -x1', ARIA2, aria('1')], ['aria2c -x4', ARIA2, aria('4')])
  const rows: string[][] = []
  for (const place of places) {
    for (const [name, command, args] of ways) {
      const before = await place.bytes()
      const env = { ...process.env, DRAGONFLY_HOME: lab.path('home'), DRAGONFLY_SEEDS: '' }
      const { wallSeconds } = await measure(command, [...args, place.url], lab.path('time'), { env })
      execFileSync('cmp', [out, lab.path('www', 'file.bin')])
      await rm(out)
      const copies = ((await place.bytes()) - before) / size
      rows.push([place.name, name, wallSeconds.toFixed(1), (size / MiB / wallSeconds).toFixed(1), copies.toFixed(3)])
    }
  }
  const what = `${size / MiB} MiB from nginx on loopback, ${rate / MiB} MiB/s.`
  const text = table(['the origin has', 'way', 'seconds', 'MiB/s', 'copies read'], rows)
  const tools = ['curl', 'nginx', ...(ARIA2 === undefined ? [] : ['aria2c'])]
  await publish(
    'ranges',
    `# Slow streams of an origin\n\n${await circumstances('npm run bench:ranges', tools)}\n\n${what}\n\n${text}`,
  )
} finally {
  await line.stop()
  await lab.close()
}
