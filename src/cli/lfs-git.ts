// What git and git-lfs do for the agent: where the server is, who we are there, and every transfer that the swarm cannot make.
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'

/** Output of git that is read. Bytes. */
const MAX_OUTPUT = 1024 * 1024
/** For what git says at once; it may ask a helper for a password. Milliseconds. */
const ANSWER_MS = 120_000
/** For the folders of file:// remotes, git-lfs has an agent of its own, which it takes by itself where none is set up. */
const OF_FILES = 'lfs-standalone-file'

export interface LfsPlace {
  /** URL of the API; undefined: reached by ssh or another way than http(s). */
  endpoint: string | undefined
  /** The agent that git-lfs has without this one; empty: none. */
  agent: string
  /** On the same file system as the objects. */
  folder: string
}

/** What git-lfs says of a remote. */
export function placeIn(env: string, remote: string): LfsPlace {
  const lines = env.split('\n')
  const after = (start: string) => lines.find(line => line.startsWith(start))?.slice(start.length)
  const endpoint = (after(`Endpoint (${remote})=`) ?? after('Endpoint='))?.replace(/ \(auth=\w+\)$/, '')
  const isWeb = endpoint !== undefined && /^https?:\/\/[^/]/.test(endpoint)
  // of a remote that is reached by ssh, git-lfs asks ssh for the way to its API
  const isBySsh = lines.some(line => line.startsWith('  SSH='))
  const agent = endpoint?.startsWith('file://') === true ? OF_FILES : ''
  return { endpoint: isWeb && !isBySsh ? endpoint : undefined, agent, folder: after('TempDir=') ?? '.' }
}

export async function findPlace(remote: string): Promise<LfsPlace> {
  return placeIn(await git(['lfs', 'env'], ''), remote)
}

/** `user:password` for a URL, as git has or asks for it; undefined: none. */
export async function credentialsOf(url: URL): Promise<string | undefined> {
  const said = await git(['credential', 'fill'], credentialLines(url)).catch(() => '')
  const fields = new Map(said.split('\n').map(line => line.split(/=(.*)/s).slice(0, 2) as [string, string]))
  const [user, password] = [fields.get('username'), fields.get('password')]
  return user === undefined || password === undefined ? undefined : `${user}:${password}`
}

/** Tells git whether they were good, so that it keeps or forgets them. */
export async function judgeCredentials(url: URL, credentials: string, isGood: boolean): Promise<void> {
  const [, user = '', password = ''] = /^([^:]*):(.*)$/s.exec(credentials) ?? []
  const lines = `${credentialLines(url)}username=${user}\npassword=${password}\n`
  await git(['credential', isGood ? 'approve' : 'reject'], lines).catch(() => '')
}

function credentialLines({ protocol, host, pathname }: URL): string {
  return `protocol=${protocol.slice(0, -1)}\nhost=${host}\npath=${pathname.slice(1)}\n`
}

/** git-lfs sends an object by itself. */
export async function pushByGit(place: LfsPlace, remote: string, oid: string): Promise<void> {
  await git([...withAgent(place), 'lfs', 'push', '--object-id', remote, oid], '', Number.POSITIVE_INFINITY)
}

/** git-lfs downloads an object by itself, into `file`. */
export async function fetchByGit(place: LfsPlace, { oid, size }: { oid: string; size: number }, file: string): Promise<void> {
  // with it, git-lfs gives the pointer back, and says that all is well
  const env = { ...process.env, GIT_LFS_SKIP_SMUDGE: '0' }
  const child = spawn('git', [...withAgent(place), 'lfs', 'smudge'], { stdio: ['pipe', 'pipe', 'pipe'], env })
  const ended = endOf(child)
  child.stdin.on('error', () => {})
  child.stdin.end(`version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`)
  await Promise.all([pipeline(child.stdout, createWriteStream(file)), ended])
}

/** Not this one, which git-lfs started us for. */
function withAgent({ agent }: LfsPlace): string[] {
  return ['-c', `lfs.standalonetransferagent=${agent}`]
}

async function git(args: readonly string[], input: string, timeoutMs = ANSWER_MS): Promise<string> {
  const signal = Number.isFinite(timeoutMs) ? { signal: AbortSignal.timeout(timeoutMs) } : {}
  const child = spawn('git', args, { stdio: ['pipe', 'pipe', 'pipe'], ...signal })
  const ended = endOf(child)
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < MAX_OUTPUT) said += text
  })
  await ended
  return said
}

/** Rejects with the last line that it said. */
async function endOf(child: ReturnType<typeof spawn>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000)
  })
  child.once('error', reject)
  child.once('close', code => {
    if (code === 0) resolve()
    else reject(new Error(complaint.trim().split('\n').at(-1) || `git ended with ${code}`))
  })
  await promise
}
