// Ten hosts from nothing to a 100 MiB file everywhere, as a newcomer does it: the commands of docs/tutorials/ten-hosts.md, each in a network
// namespace with a home of its own, from a clone to the files, with the live page of the first host open in a browser.
//
//   node bench/ten-hosts.ts [--hosts N] [--size MIB] [--rate RATE] [--shots DIR]      needs root, nginx, chromium, git and npm's registry
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { launch, type Page } from 'puppeteer-core'
import { ROOT } from '../test/cli/processes.ts'
import { hasNginx } from '../test/e2e/lab.ts'
import { hasNamespaces } from '../test/e2e/lan.ts'
import { type Block, tutorial } from '../test/tutorials/blocks.ts'
import { TutorialHosts } from '../test/tutorials/hosts.ts'

const MiB = 2 ** 20
/** How long members may take to hear of each other before the download begins, ms. */
const SETTLE_MS = 60_000
/** When a picture of the download is taken, ms after its start: in the middle of it. */
const MIDDLE_MS = 8000

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '10' },
    size: { type: 'string', default: '100' },
    /** Of the origin for each connection, bytes a second as nginx writes it. */
    rate: { type: 'string', default: '8m' },
    shots: { type: 'string', default: 'ten-hosts' },
  },
})
const [count, size] = [Number(values.hosts), Number(values.size) * MiB]
if (!hasNginx() || !hasNamespaces()) process.exit(1)

const hosts = await TutorialHosts.open({ count, limitRate: values.rate, isInstalled: false })
const sha256 = await hosts.lab.file('big.iso', size)
for (const from of [1, 2]) hosts.replace(`{${from}..10}`, `{${from}..${count}}`)
await mkdir(values.shots, { recursive: true })
let page: Page | undefined
let total = 0

async function step(what: string, run: () => Promise<void>): Promise<void> {
  const begun = performance.now()
  await run()
  const seconds = (performance.now() - begun) / 1000
  total += seconds
  console.log(`${Math.floor(seconds / 60)} min ${(seconds % 60).toFixed(1).padStart(4)} s  ${what}`)
}

async function follow(block: Block): Promise<string> {
  const { code, stdout, stderr } = await hosts.sh(1, block.text)
  if (code !== 0) throw new Error(`${block.text}ended with ${code}: ${stdout}${stderr}`)
  return `${stdout}${stderr}`
}

/** A clone, in which the first block runs: the one thing that needs the network of this machine. */
async function install(block: Block): Promise<void> {
  const clone = path.join(hosts.home(1), 'clone')
  const env = { ...process.env, HOME: hosts.home(1) }
  for (const [command = '', ...args] of [
    ['git', 'clone', '--quiet', ROOT, clone],
    ['bash', '-euc', `cd ${clone}; ${block.text}`],
  ]) {
    const { status, stderr } = spawnSync(command, args, { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  }
}

async function shot(name: string): Promise<void> {
  await page?.screenshot({ path: path.join(values.shots, `${name}.png`) as `${string}.png` })
}

/** The page as the browser of somebody on the first host shows it. */
async function openPage(): Promise<Page> {
  const inside = hosts.lab.path('bin/browser')
  const enter = `nsenter --net=/run/netns/${hosts.hosts[0]?.namespace}`
  await writeFile(inside, `#!/bin/sh\nexec ${enter} ${process.env.CHROMIUM ?? 'chromium'} "$@"\n`, { mode: 0o755 })
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking']
  // over a pipe: its port would be in the namespace
  const browser = await launch({ executablePath: inside, args, pipe: true })
  return await browser.newPage()
}

try {
  const blocks = (await tutorial('ten-hosts')).filter(({ how }) => how.startsWith('run'))
  const [pack, copy, first, others, status, get, check, undo] = blocks as [Block, Block, Block, Block, Block, Block, Block, Block]
  await step('installed from a clone on the first host', () => install(pack))
  await step(`copied to ${count - 1} others`, async () => void (await follow(copy)))
  await step('secret made, first daemon started', async () => void (await follow(first)))
  page = await openPage()
  await page.setViewport({ width: 1100, height: 900 })
  await page.goto('http://127.0.0.1:65002/')
  await shot('1-alone')
  await step(`${count - 1} other daemons started`, async () => void (await follow(others)))
  await step('all members known', async () => {
    for (const end = Date.now() + SETTLE_MS; ; ) {
      if ((await follow(status)).startsWith(`${count} members`)) return
      if (Date.now() > end) throw new Error('not all members are known')
    }
  })
  await step(`${values.size} MiB on ${count} hosts`, async () => {
    const middle = setTimeout(() => void shot('2-downloading'), MIDDLE_MS)
    await follow(get).finally(() => clearTimeout(middle))
  })
  await new Promise(resolve => setTimeout(resolve, 1500))
  await shot('3-done')
  await step('checked', async () => {
    const digests = (await follow(check)).match(/^[0-9a-f]{64}/gm) ?? []
    if (digests.length !== count || digests.some(digest => digest !== sha256)) throw new Error('wrong files')
  })
  console.log(
    `${Math.floor(total / 60)} min ${(total % 60).toFixed(1)} s in all; the origin gave ${((await hosts.origin.bytes()) / size).toFixed(2)} copies`,
  )
  await step('undone', async () => void (await follow(undo)))
} finally {
  await page?.browser().close()
  await hosts.close()
}
