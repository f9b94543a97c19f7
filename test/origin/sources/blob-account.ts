// Azure Storage after its public API: service signatures, public containers, lists. What it lacks beside Azurite: tokens, snapshots, versions,
// and everything that writes. The same tests run against Azurite where it is installed.
import { spawn, spawnSync } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort } from '../../e2e/lab.ts'
import { giveBytes, giveError, listening } from './byte-answers.ts'

export interface BlobAccount {
  account: string
  /** In base64. */
  key: string
  endpoint: string
  /** `CONTAINER/NAME`; the container `open` is everybody's. */
  put(path: string, body: Buffer): Promise<void>
  stop(): Promise<void>
}

/** What Azurite's documentation says: it is no secret. */
const AZURITE_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

export function hasAzurite(): boolean {
  return spawnSync('azurite-blob', ['--version'], { stdio: 'ignore' }).status === 0
}

export async function startAzurite(): Promise<BlobAccount> {
  const dir = await mkdtemp(path.join(tmpdir(), 'df-azurite-'))
  const port = await freePort()
  const child = spawn(
    'azurite-blob',
    ['--blobPort', String(port), '--location', dir, '--skipApiVersionCheck', '--disableTelemetry'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('azurite ended')))
    child.stdout.on('data', (text: Buffer) => void (text.includes('successfully listens') && resolve()))
  })
  const account = 'devstoreaccount1'
  const endpoint = `http://127.0.0.1:${port}/${account}`
  const send = async (path: string, query: string, headers: Record<string, string>, body?: Buffer) => {
    const answer = await fetch(`${endpoint}/${path}${query}`, {
      method: 'PUT',
      headers: authorized(account, AZURITE_KEY, `/${account}/${account}/${path}`, query, headers, body?.length ?? 0),
      ...(body && { body: new Uint8Array(body) }),
    })
    if (answer.status !== 201) throw new Error(`azurite says ${answer.status}: ${await answer.text()}`)
  }
  await send('open', '?restype=container', { 'x-ms-blob-public-access': 'container' })
  await send('closed', '?restype=container', {})
  return {
    account,
    key: AZURITE_KEY,
    endpoint,
    put: (path, body) => send(path.split('/').map(encodeURIComponent).join('/'), '', { 'x-ms-blob-type': 'BlockBlob' }, body),
    stop: async () => {
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Headers of a request with the account's key. */
function authorized(
  account: string,
  key: string,
  path: string,
  query: string,
  more: Record<string, string>,
  length: number,
): Record<string, string> {
  const headers: Record<string, string> = { ...more, 'x-ms-date': new Date().toUTCString(), 'x-ms-version': '2020-12-06' }
  const own = Object.keys(headers)
    .toSorted()
    .map(name => `${name}:${headers[name]}\n`)
  const asked = [...new URLSearchParams(query)].map(([name, value]) => `\n${name}:${value}`)
  const text = `PUT\n\n\n${length || ''}\n\n\n\n\n\n\n\n\n${own.join('')}${path}${asked.join('')}`
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64')
  return { ...headers, authorization: `SharedKey ${account}:${signature}` }
}

export async function startBlobAccount(): Promise<BlobAccount & { bytes: () => number }> {
  const account = 'fleet'
  const key = Buffer.from('secret of fleet').toString('base64')
  const blobs = new Map<string, Buffer>()
  let bytes = 0
  const { url, stop } = await listening((request, response) => {
    const at = new URL(request.url ?? '/', 'http://x')
    const [container = '', ...rest] = decodeURIComponent(at.pathname).slice(1).split('/')
    const name = rest.join('/')
    const query = at.searchParams
    const isSigned = query.has('sig')
    const isAllowed = isSigned ? isSignature(account, container, name, query, key) : container === 'open'
    if (!isAllowed) return refuse(response, isSigned ? 403 : 404, isSigned ? 'AuthenticationFailed' : 'ResourceNotFound')
    if (query.get('comp') === 'list') return list(response, container, query, blobs)
    const body = blobs.get(`${container}/${name}`)
    if (body === undefined) return refuse(response, 404, 'BlobNotFound')
    // as versions of the interface before 2011-08-18 have it, which those without a signature get
    const etag = createHash('md5').update(body).digest('hex')
    const headers = { etag: isSigned ? `"${etag}"` : etag, 'last-modified': 'Fri, 02 Jan 2026 03:04:05 GMT' }
    bytes += giveBytes(request, response, body, headers)
  })
  const put = async (path: string, body: Buffer) => void blobs.set(path, body)
  return { account, key, endpoint: url, put, stop, bytes: () => bytes }
}

function refuse(response: http.ServerResponse, status: number, code: string): void {
  response.setHeader('x-ms-error-code', code)
  giveError(response, status, code)
}

/** As the documentation of service signatures describes it. */
function isSignature(account: string, container: string, name: string, query: URLSearchParams, key: string): boolean {
  const of = (field: string) => query.get(field) ?? ''
  if (of('sp') !== (name === '' ? 'l' : 'r') || Date.now() < Date.parse(of('st')) || Date.now() > Date.parse(of('se')))
    return false
  const resource = `/blob/${account}/${container}${name === '' ? '' : `/${name}`}`
  const fields = [
    of('sp'),
    of('st'),
    of('se'),
    resource,
    of('si'),
    of('sip'),
    of('spr'),
    of('sv'),
    of('sr'),
    of('snapshot'),
    of('ses'),
  ]
  const text = [...fields, of('rscc'), of('rscd'), of('rsce'), of('rscl'), of('rsct')].join('\n')
  return createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64') === of('sig')
}

/** Two on a page. */
function list(
  response: http.ServerResponse,
  container: string,
  query: URLSearchParams,
  blobs: ReadonlyMap<string, Buffer>,
): void {
  const prefix = `${container}/${query.get('prefix') ?? ''}`
  const names = [...blobs.keys()].filter(name => name.startsWith(prefix)).toSorted()
  const from = Number(query.get('marker') ?? 0)
  const page = names.slice(from, from + 2).map(name => {
    const fields = `<Last-Modified>Fri, 02 Jan 2026 03:04:05 GMT</Last-Modified><Content-Length>${blobs.get(name)?.length}</Content-Length>`
    const escaped = name.slice(container.length + 1).replaceAll('&', '&amp;')
    return `<Blob><Name>${escaped}</Name><Properties>${fields}</Properties></Blob>`
  })
  const next = from + 2 < names.length ? String(from + 2) : ''
  response.writeHead(200, { 'content-type': 'application/xml' })
  const text = `<EnumerationResults><Blobs>${page.join('')}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`
  response.end(`\ufeff<?xml version="1.0" encoding="utf-8"?>${text}`)
}
