// What tests of engines share: `df gateway setup` for all of them, and pulls that run side by side.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ENGINES, type Engine, openSession, type Session, type SessionOptions } from './engine-sessions.ts'
import type { Lab } from './lab.ts'

/** dockerd has mirrors for Docker Hub only. */
export function imageOf(engine: Engine, registry: string): string {
  return engine === 'dockerd' ? 'team/app:v1' : `${registry}/team/app:v1`
}

/** Writes the configuration of every engine below a root of the lab, as on a host that reads `registry` by plain http. Resolves to the root. */
export async function setUp(lab: Lab, gateway: string, registry: string, name = 'root'): Promise<string> {
  const root = await lab.folder(name)
  const own = path.join(root, 'etc/containers/registries.conf.d')
  await mkdir(own, { recursive: true })
  await writeFile(
    path.join(own, '10-own.conf'),
    `[[registry]]\nprefix = "${registry}"\nlocation = "${registry}"\ninsecure = true\n`,
  )
  const where = ['--root', root, '--gateway', new URL(gateway).host, '--write']
  for (const args of [['podman', '--registry', registry], ['containerd', '--registry', registry], ['docker']]) {
    const { code, stderr } = await lab.df(['gateway', 'setup', ...args, ...where]).ended
    if (code !== 0) throw new Error(`df gateway setup ${args.join(' ')}: ${stderr}`)
  }
  return root
}

/** Stops what it has opened. */
export class Sessions {
  readonly #lab: Lab
  readonly #open: Session[] = []
  #count = 0

  constructor(lab: Lab) {
    this.#lab = lab
  }

  /** Undefined: the engine does not run here. */
  async open(engine: Engine, options: Omit<SessionOptions, 'place'>): Promise<{ session: Session; place: string } | undefined> {
    const place = this.#lab.path('engines', `${this.#count++}`)
    const session = await openSession(engine, { place, ...options })
    if (session !== undefined) this.#open.push(session)
    return session && { session, place }
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map(session => session.close()))
  }
}

/** Runs for all engines at the same time; a test takes its outcome from here. */
export function atOnce<T>(run: (engine: Engine) => Promise<T>): ReadonlyMap<Engine, Promise<T>> {
  const all = new Map(ENGINES.map(engine => [engine, run(engine)]))
  // told by the test that waits for it
  for (const each of all.values()) each.catch(() => {})
  return all
}

/** What the engine says when it gets nothing. */
export async function refusal(pull: Promise<unknown>): Promise<string> {
  return await pull.then(
    () => 'pulled',
    error => `refused: ${error}`,
  )
}
