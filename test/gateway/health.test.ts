import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { Health } from '../../src/gateway/front/health.ts'

describe('the health page of the gateway', () => {
  let server: Server
  let url: string
  beforeEach(async () => {
    const health = new Health({ version: '1.2.3', role: 'daemon' })
    server = createServer((request, response) => {
      if (!health.handle({ request, response })) response.end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => {
    server.close()
    server.closeAllConnections()
  })
  const report = async (query = '') => await (await fetch(`${url}/_dragonfly/health${query}`)).json()
  const ask = async (path: string, agent = 'containerd/1.6.20') =>
    await (await fetch(url + path, { headers: { 'user-agent': agent } })).text()

  it('names version and role, and counts every other request', async () => {
    await ask('/v2/')
    await ask('/_dragonfly/healthy')
    await report()
    expect(await report()).to.deep.equal({
      name: 'dragonfly',
      version: '1.2.3',
      role: 'daemon',
      requests: 2,
      clients: { containerd: 2 },
    })
    expect((await fetch(`${url}/_dragonfly/health`, { method: 'POST' })).status).to.equal(405)
  })

  it('counts a repository, through any registry, for who knows its name', async () => {
    await ask('/v2/team/app/manifests/v1?ns=a.example.org')
    await ask('/v2/quay.io/team/app/blobs/sha256:00')
    await ask('/v2/other/app/blobs/sha256:00')
    expect(await report('?repository=team/app')).to.include({ repositoryRequests: 2 })
    expect(JSON.stringify(await report())).not.to.include('team')
  })

  it('counts a limited number of names of a limited length', async () => {
    for (let n = 0; n < 300; n++) await ask(`/v2/team/app${n}/manifests/v1`, `agent-${n}`)
    await ask('/', 'x'.repeat(300))
    const { clients } = (await report()) as { clients: Record<string, number> }
    expect(Object.keys(clients)).to.have.lengthOf(256)
    expect(await report('?repository=team/app0')).to.include({ repositoryRequests: 0 })
    expect(await report('?repository=team/app299')).to.include({ repositoryRequests: 1 })
  })
})
