// Connections on behalf of others, against real servers: by address, by name, by redirect, by a name that changes its mind.
import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { createServer } from 'node:https'
import type { AddressInfo, LookupFunction } from 'node:net'
import { expect } from 'chai'
import { AllowedOrigins } from '../../src/origin/allowed-origins.ts'
import { Gates } from '../../src/origin/gates.ts'
import { Guard } from '../../src/origin/guard.ts'
import { type OriginOptions, settings } from '../../src/origin/options.ts'
import type { Origin } from '../../src/origin/origin.ts'
import { CERTIFICATE, KEY } from './certificate.ts'
import { cleanUp, failure, impatient, readAll } from './fixtures.ts'
import { type HostileOrigin, honest, hostileOrigin } from './hostile-origin.ts'

const FOUND = Buffer.from('found')

describe('origin: reading for others', () => {
  let refused: string[]
  let lookups: string[]

  beforeEach(() => {
    refused = []
    lookups = []
  })
  afterEach(cleanUp)

  /** Reads where `allowed` says. Names are looked up in `names`, one answer after the other; those not in it by the system. */
  function reader(allowed: string[], names: Record<string, string[][]> = {}, options: OriginOptions = {}): Origin {
    const lookup: LookupFunction = (host, options, callback) => {
      lookups.push(host)
      const answers = names[host]
      if (answers === undefined) return systemLookup(host, options, callback as never)
      const addresses = (answers.length > 1 ? answers.shift() : answers[0]) as string[]
      callback(
        null,
        addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
      )
    }
    const guard = new Guard(new AllowedOrigins(allowed), { onRefused: host => refused.push(host), lookup })
    return impatient({ ...options, guard })
  }

  const server = () => hostileOrigin(r => honest(r, FOUND, { etag: '"a"' }))
  const read = async (origin: Origin, url: string) => String(await readAll(await origin.open({ url, headers: [] })))
  const named = ({ url }: HostileOrigin, host: string) => url.replace('127.0.0.1', host)

  async function isRefused(origin: Origin, url: string, host: string): Promise<void> {
    const error = await failure(origin.open({ url, headers: [] }), 'origin-refused')
    expect(error.message).to.match(new RegExp(`^refused to read ${host.replaceAll('.', '\\.')} for others: `))
    expect(error.hint).to.be.a('string')
    expect(error.retryable).to.equal(false)
    expect(refused.at(-1)).to.equal(host)
  }

  it('goes nowhere near this host, however its address is written', async () => {
    const home = await server()
    const origin = reader([])
    const written = ['127.0.0.1', '2130706433', '0x7f.1', '0177.0.0.1', '127.1', '127.0.0.1.', '①②⑦.0.0.1']
    for (const host of written) await isRefused(origin, named(home, host), '127.0.0.1')
    for (const host of ['[::ffff:127.0.0.1]', '[::FFFF:7f00:1]']) await isRefused(origin, named(home, host), '::ffff:7f00:1')
    await isRefused(origin, named(home, '0'), '0.0.0.0')
    await isRefused(origin, named(home, '[::]'), '::')
    await isRefused(origin, named(home, '[::1]'), '::1')
    expect(home.connections).to.equal(0)
    expect(lookups).to.deep.equal([])
  })

  it('says nothing of what a host has told those who may read it', async () => {
    const limits = { breakerFailures: 1, coolingMs: 60_000 }
    const gates = new Gates(settings(limits))
    const home = await hostileOrigin(() => ({ status: 500 }))
    await failure(impatient({ gates, attempts: 1 }).open({ url: home.url, headers: [] }), 'origin-error')
    const names = { 'inside.example': [['127.0.0.1']] }
    await failure(impatient({ gates, attempts: 1 }).open({ url: home.url, headers: [] }), 'origin-error')
    await isRefused(reader([], names, { gates }), home.url, '127.0.0.1')
    const own = reader(['any'], names, { gates, attempts: 1 })
    await failure(own.open({ url: named(home, 'inside.example'), headers: [] }), 'origin-error')
    await isRefused(reader([], names, { gates }), named(home, 'inside.example'), 'inside.example')
    expect(home.requests).to.have.length(2)
  })

  it('goes not by a name for it either, and without asking twice', async () => {
    const home = await server()
    const origin = reader([], {
      'innocent.example': [['127.0.0.1']],
      'both.example': [['127.0.0.1', '::1']],
      'localhost.': [['127.0.0.1']],
    })
    for (const host of ['localhost', 'LOCALHOST', 'innocent.example', 'both.example']) {
      await isRefused(origin, named(home, host), host.toLowerCase())
    }
    await isRefused(origin, named(home, 'localhost.'), 'localhost.')
    expect(lookups).to.deep.equal(['localhost', 'localhost', 'innocent.example', 'both.example', 'localhost.'])
    expect(home.connections).to.equal(0)
  })

  it('gives a way out, and no false one for metadata', async () => {
    const origin = reader(['registry.example'], { 'registry.example': [['169.254.169.254']] })
    const error = await failure(origin.open({ url: 'http://10.0.0.1/', headers: [] }), 'origin-refused')
    expect(error.hint).to.equal('start the seed with --allow-origin 10.0.0.1')
    for (const host of ['registry.example', '169.254.169.254', '[fd00:ec2::254]']) {
      const { hint } = await failure(origin.open({ url: `http://${host}/`, headers: [] }), 'origin-refused')
      expect(hint).to.include('by itself, not by a name')
    }
  })

  it('reads what is allowed: by address, by name, by port', async () => {
    const home = await server()
    const { port } = new URL(home.url)
    const names = { 'registry.corp.example': [['127.0.0.1']] }
    const there = named(home, 'registry.corp.example')
    expect(await read(reader(['127.0.0.1']), home.url)).to.equal('found')
    for (const allowed of ['127.0.0.0/8', 'any', 'registry.corp.example', '*.corp.example', `registry.corp.example:${port}`]) {
      expect(await read(reader([allowed], names), there), allowed).to.equal('found')
    }
    await isRefused(reader(['registry.corp.example:81'], names), there, 'registry.corp.example')
    await isRefused(reader(['registry.corp.example'], names), home.url, '127.0.0.1')
    await isRefused(reader(['private'], names), there, 'registry.corp.example')
  })

  it('counts the port of the scheme', async () => {
    await isRefused(reader(['127.0.0.1:443']), 'http://127.0.0.1/', '127.0.0.1')
    await isRefused(reader(['127.0.0.1:80']), 'https://127.0.0.1/', '127.0.0.1')
    // whoever may listen there: the guard is not what keeps us from it
    const open = reader(['127.0.0.1:443', '127.0.0.1:80'])
    for (const scheme of ['http', 'https']) await open.open({ url: `${scheme}://127.0.0.1/`, headers: [] }).catch(() => {})
    expect(refused).to.have.length(2)
  })

  it('follows no redirect to where it may not go', async () => {
    const secret = await server()
    const targets = [secret.url, named(secret, 'localhost'), 'http://169.254.169.254/latest/meta-data/', 'http://[::1]/']
    for (const location of targets) {
      const home = await hostileOrigin(() => ({ status: 302, headers: { location } }))
      const origin = reader(['registry.example'], { 'registry.example': [['127.0.0.1']] })
      await isRefused(origin, named(home, 'registry.example'), new URL(location).hostname.replace(/^\[|\]$/g, ''))
      expect(home.requests).to.have.length(1)
    }
    expect(secret.connections).to.equal(0)
  })

  it('follows a redirect to where it may', async () => {
    const there = await server()
    const home = await hostileOrigin(() => ({ status: 302, headers: { location: named(there, 'blobs.corp.example') } }))
    const names = { 'registry.corp.example': [['127.0.0.1']], 'blobs.corp.example': [['127.0.0.1']] }
    expect(await read(reader(['*.corp.example'], names), named(home, 'registry.corp.example'))).to.equal('found')
  })

  it('connects to the address that was checked: a name that answers differently the next time gains nothing', async () => {
    const home = await hostileOrigin(() => ({ body: 'found', headers: { connection: 'close' } }))
    // 127.0.0.1 stands for a public address, 127.0.0.2 for a private one
    const origin = reader(['127.0.0.1'], { 'rebinding.example': [['127.0.0.1'], ['127.0.0.2']] })
    expect(await read(origin, named(home, 'rebinding.example'))).to.equal('found')
    expect(lookups).to.have.length(1)
    await isRefused(origin, named(home, 'rebinding.example'), 'rebinding.example')
    expect(lookups).to.have.length(2)
    expect(home.connections).to.equal(1)
  })

  it('uses of several addresses those that it may', async () => {
    const home = await server()
    const origin = reader(['127.0.0.1'], { 'mixed.example': [['::1', '127.0.0.2', '127.0.0.1', '169.254.169.254']] })
    expect(await read(origin, named(home, 'mixed.example'))).to.equal('found')
    expect(refused).to.deep.equal([])
  })

  it('asks the same name anew for every connection, for the rest of a read too', async () => {
    const home = await hostileOrigin((r, nth) =>
      nth === 1 ? { body: 'abcdef', headers: { etag: '"a"' }, cutAfter: 2 } : honest(r, Buffer.from('abcdef'), { etag: '"a"' }),
    )
    const origin = reader(['127.0.0.1'], { 'rebinding.example': [['127.0.0.1'], ['127.0.0.2']] })
    const half = await origin.open({ url: named(home, 'rebinding.example'), headers: [] })
    await failure(readAll(half), 'origin-refused')
    expect(home.requests).to.have.length(1)
  })

  it('shares no connection with who may go anywhere', async () => {
    const home = await server()
    const own = impatient()
    expect(await read(own, home.url)).to.equal('found')
    expect(await read(own, home.url)).to.equal('found')
    expect(home.connections, 'one that is kept open').to.equal(1)
    await isRefused(reader([]), home.url, '127.0.0.1')
    expect(home.requests).to.have.length(2)
  })

  it('keeps a connection open where it may go', async () => {
    const home = await server()
    const origin = reader(['127.0.0.1'])
    for (let i = 0; i < 3; i++) expect(await read(origin, home.url)).to.equal('found')
    expect(home.connections).to.equal(1)
  })

  it('says of an unknown host what it always says', async () => {
    await failure(reader([]).open({ url: 'http://no-such-host.invalid/', headers: [] }), 'origin-unknown-host')
    expect(refused).to.deep.equal([])
  })

  it('checks https before the handshake, and the certificate as ever', async () => {
    const secure = createServer({ cert: CERTIFICATE, key: KEY }, (_, response) => response.end('found'))
    let connections = 0
    secure.on('connection', () => connections++)
    await new Promise<void>(resolve => secure.listen(0, '127.0.0.1', resolve))
    try {
      const url = `https://localhost:${(secure.address() as AddressInfo).port}/`
      await isRefused(reader([]), url, 'localhost')
      expect(connections).to.equal(0)
      await failure(reader(['localhost']).open({ url, headers: [] }), 'origin-unreachable')
      expect(connections).to.be.above(0)
    } finally {
      secure.close()
    }
  })
})
