// What the tests of the forward proxy share: a daemon with a gateway, and clients that use it.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { DF, type Ended, type Lab, LISTEN, type Nginx, type Running } from './lab.ts'

/** What may be set where the tests run. */
export const NO_ENVIRONMENT = Object.fromEntries(
  ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE']
    .flatMap(name => [name, name.toUpperCase()])
    .map(name => [name, undefined]),
)

/** Says so loudly when not. */
export function has(program: string, ...args: string[]): boolean {
  const isHere = spawnSync(program, args, { stdio: 'ignore' }).status === 0
  if (!isHere) console.warn(`SKIPPED: ${program} is not installed`)
  return isHere
}

/** A daemon whose gateway serves on loopback. */
export interface GatewayHost {
  /** Of the gateway. */
  url: string
  daemon: Running
  curl(...args: string[]): Promise<Ended>
}

/** `gateway`: that part of its config file. `inside`: words before the program. */
export async function startGateway(
  lab: Lab,
  home: string,
  gateway: object,
  flags: readonly string[] = [],
  inside: readonly string[] = [],
): Promise<GatewayHost> {
  await mkdir(lab.path(home), { recursive: true })
  await writeFile(lab.path(home, 'config.json'), JSON.stringify({ gateway }))
  const usual = ['--gateway', '127.0.0.1:0', '--json', '--no-lan', ...LISTEN]
  const [program = DF, ...args] = [...inside, DF, 'daemon', 'start', ...usual, ...flags]
  const daemon = lab.run(program, args, home, NO_ENVIRONMENT)
  const url = (await daemon.line('ready')).gateway as string
  const curl = (...args: string[]) => lab.run('curl', ['-sS', '-x', url, ...args], home, NO_ENVIRONMENT).ended
  return { url, daemon, curl }
}

/** A certificate of these names, and its key, signed by itself: `NAME.pem`, `NAME.key`. */
export function makeCertificate(lab: Lab, name: string, alternatives: string): void {
  const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${alternatives}`]
  execFileSync('openssl', [...make, ...names, '-keyout', lab.path(`${name}.key`), '-out', lab.path(`${name}.pem`)], {
    stdio: 'ignore',
  })
}

/** Bytes of files below this path that left the origin. */
export async function bytesOf(origin: Nginx, path: string): Promise<number> {
  return (await origin.requests()).filter(r => r.path.startsWith(path)).reduce((sum, { bytes }) => sum + bytes, 0)
}
