// Looks at the gateway and at the engines' files, and pulls an image to see the gateway asked.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { UsageError } from '../errors.ts'
import { ENGINES, type Engine } from '../gateway-command.ts'
import { planOf } from './engine-plan.ts'
import { planned } from './files.ts'
import type { SetupRequest } from './plan.ts'

export interface Finding {
  ok: boolean
  message: string
  hint?: string
}

/** The gateway answers its own page at once. */
const GATEWAY_TIMEOUT = 10_000
/** An image may be large. */
const PULL_TIMEOUT = 10 * 60_000
const MAX_ANSWER = 64 * 1024

interface Health {
  name?: unknown
  version?: unknown
  role?: unknown
  repositoryRequests?: unknown
}

/** Whether a gateway answers there. Never rejects. */
export async function checkGateway(gateway: string): Promise<Finding[]> {
  const hint = `start it: df daemon start --gateway ${gateway.replace('http://', '')}`
  const health = await healthOf(gateway).catch((error: Error) => error)
  if (health instanceof Error) return [{ ok: false, message: `no gateway answers at ${gateway}: ${health.message}`, hint }]
  const what = `the gateway at ${gateway}`
  const found: Finding[] = [{ ok: true, message: `${what} is a ${String(health.role)} of version ${String(health.version)}` }]
  const status = await request(`${gateway}/v2/`).then(
    ({ status }) => status,
    () => 0,
  )
  const isMirror = status === 200 || status === 401
  found.push({
    ok: isMirror,
    message: `${what} ${isMirror ? 'answers' : `does not answer (status ${status})`} as a registry (GET /v2/)`,
  })
  return found
}

/** Line by line what is right and what is missing. Without an engine: of those that are set up. */
export async function checkEngines(engine: Engine | undefined, request: SetupRequest, name: string): Promise<Finding[]> {
  if (engine !== undefined) return await checkEngine(engine, request, name)
  const all = await Promise.all(ENGINES.map(each => checkEngine(each, request, name)))
  const used = all.filter(findings => findings.some(({ ok }) => ok)).flat()
  if (used.length > 0) return used
  return [{ ok: false, message: 'no container engine is set up to use it', hint: `${name} gateway setup ${ENGINES.join('|')}` }]
}

async function checkEngine(engine: Engine, request: SetupRequest, name: string): Promise<Finding[]> {
  const hint = `${name} gateway setup ${engine} --write`
  try {
    const plan = await planOf(engine, request)
    const changes = await planned(request.root, plan)
    return changes.map(({ path, purpose, action }) =>
      action === 'unchanged'
        ? { ok: true, message: `${engine}: ${path} ${purpose}` }
        : {
            ok: false,
            message: `${engine}: ${path} ${action === 'created' ? 'is not there' : 'has other settings'}, which ${purpose}`,
            hint,
          },
    )
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return [{ ok: false, message: `${engine}: ${error.message}`, ...(error.hint !== undefined && { hint: error.hint }) }]
  }
}

/** Has the engine pull, and counts what the gateway was asked for this image. Rejects with a UsageError. */
export async function checkPull(engine: Engine | undefined, image: string, { gateway }: SetupRequest): Promise<Finding> {
  if (engine === undefined) throw new UsageError('--image needs an engine that pulls it', `name one of ${ENGINES.join(', ')}`)
  const repository = repositoryOf(image)
  const [program, args] = pullCommand(engine, image)
  const before = await requestsOf(gateway, repository)
  const failure = await run(program, args)
  const after = await requestsOf(gateway, repository)
  const command = `${program} ${args.join(' ')}`
  if (failure !== undefined) return { ok: false, message: `${command}: ${failure}` }
  if (before === undefined || after === undefined)
    return { ok: false, message: `${command}: pulled, but the gateway does not answer` }
  if (after > before) return { ok: true, message: `${command}: the gateway was asked ${after - before} times for ${repository}` }
  return {
    ok: false,
    message: `${command}: pulled, and the gateway was not asked`,
    hint: 'restart the engine after its set-up; an engine that has the image asks nobody',
  }
}

/** `library/busybox` of `busybox:1`. Throws a UsageError. */
export function repositoryOf(image: string): string {
  const bare = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
  const [first = '', ...rest] = bare.split('/')
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const name = (hasHost ? rest : [first, ...rest]).join('/')
  if (image.startsWith('-') || image.length > 512 || !/^[a-z0-9._/-]+$/.test(name)) {
    throw new UsageError(`--image: not the name of an image: ${image.slice(0, 100)}`, 'write docker.io/library/busybox:latest')
  }
  const isHub = !hasHost || ['docker.io', 'index.docker.io'].includes(first)
  return isHub && !name.includes('/') ? `library/${name}` : name
}

function pullCommand(engine: Engine, image: string): [program: string, args: string[]] {
  if (engine === 'docker') return ['docker', ['pull', image]]
  if (engine === 'podman') return ['podman', ['pull', image]]
  // by CRI, as a kubelet does
  return ['crictl', ['pull', image]]
}

/** Resolves to what went wrong. */
async function run(program: string, args: readonly string[]): Promise<string | undefined> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: PULL_TIMEOUT })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MAX_ANSWER)
  })
  try {
    const [code, signal] = await once(child, 'close')
    if (code === 0) return undefined
    return said.trim().split('\n').at(-1)?.slice(0, 500) || `ended with ${code ?? signal}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return `${program} is not installed`
    throw error
  }
}

async function requestsOf(gateway: string, repository: string): Promise<number | undefined> {
  const health = await healthOf(gateway, `?repository=${encodeURIComponent(repository)}`).catch(() => undefined)
  return typeof health?.repositoryRequests === 'number' ? health.repositoryRequests : undefined
}

/** Rejects with what a person can read. */
async function healthOf(gateway: string, query = ''): Promise<Health> {
  const { status, text } = await request(`${gateway}/_dragonfly/health${query}`)
  try {
    const health = JSON.parse(text) as Health
    if (status === 200 && health.name === 'dragonfly') return health
  } catch {}
  throw new Error('another program answers there')
}

async function request(url: string): Promise<{ status: number; text: string }> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(GATEWAY_TIMEOUT), redirect: 'manual' })
    let text = ''
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString('utf8')
      if (text.length > MAX_ANSWER) break
    }
    return { status: answer.status, text }
  } catch (error) {
    const { name, cause } = error as { name: string; cause?: { code?: string } }
    if (name === 'TimeoutError') throw new Error('no answer within 10 s')
    throw new Error(cause?.code === 'ECONNREFUSED' ? 'connection refused' : (cause?.code ?? 'it cannot be reached'))
  }
}
