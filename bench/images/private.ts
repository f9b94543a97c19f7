// Many pulls of a private image at the same time through one gateway: what they cost the token server, and who gets nothing.
import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { freePort, Lab, LISTEN } from '../../test/e2e/lab.ts'
import { TokenServer } from '../../test/gateway/auth/token-server.ts'
import { MiB, table } from '../report.ts'
import { busyShare, processors } from '../swarm/usage.ts'
import { type Ground, type Section, say } from './ground.ts'
import { COPY, checkPulled, MAX_PULL_MS, writeRoutes } from './pull.ts'
import { blobBytesLogged } from './registry.ts'
import type { StoredImage } from './shelf.ts'

const run = promisify(execFile)
const IMAGE_BYTES = 8 * MiB
const LOGIN = 'alice:s3cret'

interface Site extends Ground {
  lab: Lab
  tokens: TokenServer
  /** As in image names. */
  registry: string
  /** Lines of its log so far. */
  log: string[]
  seed: string
}

interface Outcome {
  how: string
  seconds: number
  tokenRequests: number
  /** Bytes of blobs out of the registry, as a multiple of the image. */
  copies: number
  busy: number
}

export async function privateImages(ground: Ground): Promise<Section> {
  const lab = await Lab.open()
  const tokens = await TokenServer.open(lab.dir)
  try {
    const log: string[] = []
    const url = await ground.shelf.lab.registry(tokens.config, line => log.push(line))
    const { address } = await lab.seed('seed')
    const site = { ...ground, lab, tokens, log, registry: new URL(url).host, seed: address }
    return await measureTokens(site)
  } finally {
    await lab.close()
    await tokens.close()
  }
}

async function measureTokens(site: Site): Promise<Section> {
  const { registry, options, shelf } = site
  const [plain, other, own] = [await gateway(site, 'plain'), await gateway(site, 'other'), await gateway(site, 'own', true)]
  const outcomes: Outcome[] = []
  let last: StoredImage | undefined
  const { gateway: mirror } = await writeRoutes(site.lab.path('own'), registry, own)
  const targets: [string, Omit<Target, 'image'>][] = [
    ['straight', { at: registry, login: LOGIN }],
    ['gateway, login of the engine', { at: plain, login: LOGIN }],
    ['gateway, login of the gateway', { at: registry, mirror }],
  ]
  for (const [how, target] of targets) {
    say(`private: ${options.pulls} pulls, ${how}`)
    last = await shelf.image(IMAGE_BYTES)
    outcomes.push(await crowd(site, how, { ...target, image: last }))
  }
  say('private: pulls without the secret')
  const image = last as StoredImage
  const asked = site.tokens.seen.length
  const refused = [await refusal(site, plain, image), await refusal(site, other, image)]
  const notes = [
    `Each of ${options.pulls} skopeo pulls an image of ${IMAGE_BYTES / MiB} MiB at the same time, on loopback; a new image each time. docker-registry sends everybody to a token server, which counts.`,
    `Without the secret: a pull ends with "${refused[0]?.text}", and a blob that the gateway and its seed have is answered with ${refused[0]?.status}; the same at a gateway beside it (${refused[1]?.status}). Token requests of these two pulls and blobs: ${site.tokens.seen.length - asked}.`,
  ]
  const title = `Private image, ${options.pulls} simultaneous pulls`
  return { title, body: `${tableOf(outcomes)}\n\n${notes.map(note => `- ${note}`).join('\n')}` }
}

/** Its host and port. */
async function gateway({ lab, registry, seed, installed }: Site, name: string, hasLogin = false): Promise<string> {
  const at = `127.0.0.1:${await freePort()}`
  const home = await lab.folder(name)
  const auths = { [registry]: { auth: Buffer.from(LOGIN).toString('base64') } }
  if (hasLogin) await writeFile(path.join(home, 'logins.json'), JSON.stringify({ auths }), { mode: 0o600 })
  await writeFile(
    path.join(home, 'config.json'),
    JSON.stringify({ gateway: hasLogin ? { credentials: 'logins.json' } : { registry } }),
  )
  const args = ['daemon', 'start', '--json', '--gateway', at, '--seed', seed, ...LISTEN]
  await lab.run(path.join(installed.package, 'bin', 'df'), args, name).line('ready')
  return at
}

interface Target {
  /** Host and port of the registry, or of a gateway of which it is the default registry. */
  at: string
  login?: string
  /** A file of registries.conf: a mirror before the registry, which gives nothing without a login. */
  mirror?: string
  image: StoredImage
}

async function crowd(site: Site, how: string, target: Target): Promise<Outcome> {
  const { tokens, log, options, lab } = site
  const before = { tokens: tokens.seen.length, lines: log.length, processors: processors() }
  const begun = performance.now()
  const folders = Array.from({ length: options.pulls }, (_, i) => lab.path(`out-${i}`))
  const results = await Promise.allSettled(folders.map(to => skopeo(site, target, to)))
  const seconds = (performance.now() - begun) / 1000
  const busy = busyShare(before.processors, processors())
  const failed = results.filter(result => result.status === 'rejected')
  if (failed[0] !== undefined) throw new Error(`${how}: ${failed.length} pulls failed: ${failed[0].reason}`)
  for (const to of folders) {
    await checkPulled(target.image, to)
    await rm(to, { recursive: true })
  }
  const bytes = blobBytesLogged(log.slice(before.lines).join('\n'))
  return { how, seconds, tokenRequests: tokens.seen.length - before.tokens, copies: bytes / target.image.bytes, busy }
}

async function skopeo({ signal }: Ground, { at, login, mirror, image }: Target, to: string): Promise<void> {
  const creds = login === undefined ? ['--src-no-creds'] : ['--src-creds', login]
  const conf = mirror === undefined ? [] : ['--registries-conf', mirror]
  const args = [...conf, 'copy', ...COPY, '--src-tls-verify=false', ...creds, `docker://${at}/${image.name}`, `oci:${to}:it`]
  await run('skopeo', args, { signal, timeout: MAX_PULL_MS })
}

/** Throws when anything is given. */
async function refusal(site: Site, at: string, image: StoredImage): Promise<{ text: string; status: number }> {
  const to = site.lab.path('nothing')
  const failure = await skopeo(site, { at, image }, to).then(
    () => undefined,
    error => String(error.stderr ?? error),
  )
  const url = `http://${at}/v2/${image.name.replace(/:.*/, '')}/blobs/${image.layers[0]?.digest}`
  const answer = await fetch(url)
  await answer.body?.cancel()
  if (failure === undefined || answer.status < 400)
    throw new Error(`${at} gives a private image to whoever asks (${answer.status})`)
  return { text: /unauthorized[^"\\]*|denied[^"\\]*/.exec(failure)?.[0].trim() ?? 'an error', status: answer.status }
}

function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ how, seconds, tokenRequests, copies, busy }) => [
    how,
    String(tokenRequests),
    copies.toFixed(3),
    seconds.toFixed(1),
    `${(100 * busy).toFixed(0)} %`,
  ])
  return table(['pulls', 'token requests', 'out of the registry, images', 'all done s', 'processors'], rows)
}
