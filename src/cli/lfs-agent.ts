// The agent that git-lfs starts (its docs/custom-transfers.md): a JSON message a line, one transfer after the other.
import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { LfsApi, LfsObject } from '../index.ts'
import type { GetFlags } from './get-flags.ts'
import { reachOf } from './get-options.ts'
import { HostNode } from './host-node.ts'
import { credentialsOf, fetchByGit, findPlace, judgeCredentials, type LfsPlace, pushByGit } from './lfs-git.ts'

/** Longest message of git-lfs, bytes. */
export const MAX_LINE = 64 * 1024

const FLAGS: GetFlags = { clobber: true, remoteTime: false, origin: true, linger: 0, timeout: 0, parallel: 1, maxFiles: 1 }

interface Message {
  event?: unknown
  oid?: unknown
  size?: unknown
  remote?: unknown
}

/** Resolves when git-lfs says so, or has gone. Rejects for what is no message of it. */
export async function runAgent(input: Readable, output: Writable): Promise<void> {
  await using agent = new Agent(output)
  for await (const line of linesOf(input)) {
    const message = JSON.parse(line) as Message
    if (message.event === 'terminate') return
    await agent.take(message)
  }
}

/** Throws for a line that is too long. */
export async function* linesOf(input: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  let rest = ''
  for await (const part of input) {
    const lines = (rest + part.toString()).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE || lines.some(line => line.length > MAX_LINE)) throw new Error('git-lfs sent too long a message')
    for (const line of lines) if (line.trim() !== '') yield line
  }
}

async function openApi(endpoint: string): Promise<LfsApi> {
  const { LfsApi } = await import('../index.ts')
  return await LfsApi.open(endpoint, { find: credentialsOf, judge: judgeCredentials }, await reachOf(FLAGS))
}

class Agent implements AsyncDisposable {
  readonly #output: Writable
  #remote = 'origin'
  #place: LfsPlace | undefined
  #api: LfsApi | undefined
  #node: HostNode | undefined

  constructor(output: Writable) {
    this.#output = output
  }

  async take({ event, oid, size, remote }: Message): Promise<void> {
    if (event === 'init') {
      if (typeof remote === 'string' && remote !== '') this.#remote = remote
      return this.#tell({})
    }
    if (typeof oid !== 'string' || !/^[0-9a-f]{64}$/.test(oid) || !Number.isSafeInteger(size))
      throw new Error('git-lfs names no object')
    const object = { oid, size: size as number }
    try {
      this.#place ??= await findPlace(this.#remote)
      if (event === 'upload') await pushByGit(this.#place, this.#remote, oid)
      else if (event !== 'download') throw new Error(`no such event: ${String(event).slice(0, 50)}`)
      const file = event === 'download' ? { path: await this.#download(object, this.#place) } : {}
      this.#progress(object, object.size, 0)
      this.#tell({ event: 'complete', oid, ...file })
    } catch (error) {
      const message = error instanceof Error ? error.message : 'failed'
      this.#tell({ event: 'complete', oid, error: { code: 1, message } })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api?.[Symbol.asyncDispose]()
    await this.#node?.stop()
  }

  /** Resolves to the path of a file that is git-lfs's from now on. */
  async #download(object: LfsObject, place: LfsPlace): Promise<string> {
    const { endpoint, folder } = place
    await mkdir(folder, { recursive: true })
    const file = path.join(folder, `dragonfly-${randomUUID()}`)
    try {
      if (endpoint === undefined) await fetchByGit(place, object, file)
      else {
        await this.#throughSwarm(endpoint, object, file).catch(async error => {
          // it would be no other object for git-lfs
          if ((error as { code?: unknown }).code === 'digest-mismatch') throw error
          await fetchByGit(place, object, file)
        })
      }
    } catch (error) {
      await rm(file, { force: true })
      throw error
    }
    return file
  }

  async #throughSwarm(endpoint: string, object: LfsObject, file: string): Promise<void> {
    this.#api ??= await openApi(endpoint)
    const { href, headers } = await this.#api.find(object)
    this.#node ??= await HostNode.open(FLAGS, { onEvent: () => {}, place: file })
    let told = 0
    // a signature in a query differs from host to host; the content does not
    const filter = [...new Set(new URL(href).searchParams.keys())]
    await this.#node.download(href, file, {
      digest: `sha256:${object.oid}`,
      remoteTime: false,
      ...(headers.length > 0 && { headers }),
      ...(filter.length > 0 && { filter }),
      onProgress: ({ bytes }) => {
        if (bytes > told && bytes < object.size) this.#progress(object, bytes, bytes - told)
        told = Math.max(told, bytes)
      },
    })
  }

  #progress({ oid }: LfsObject, bytesSoFar: number, bytesSinceLast: number): void {
    this.#tell({ event: 'progress', oid, bytesSoFar, bytesSinceLast })
  }

  #tell(message: object): void {
    this.#output.write(`${JSON.stringify(message)}\n`)
  }
}
