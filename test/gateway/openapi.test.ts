import { expect } from 'chai'
import type { FastifyInstance } from 'fastify'
import { EventFeed } from '../../src/daemon/event-feed.ts'
import { Service } from '../../src/daemon/service.ts'
import { makeApiServer } from '../../src/gateway/api/server.ts'
import type { DragonflyNode } from '../../src/node/api/dragonfly-node.ts'
import { createNode } from '../../src/node/node.ts'

/** As far as this test looks into an OpenAPI document. */
interface Operation {
  summary?: string
  parameters?: { name: string; in: string; required?: boolean; schema: object }[]
  responses: Record<string, { content: { 'application/json': { schema: { properties: object } } } }>
}

describe('the OpenAPI document of the local API', () => {
  let node: DragonflyNode
  let app: FastifyInstance

  before(async () => {
    node = await createNode({ store: 'memory', network: false })
    const ties = { seeds: [], bootstrap: [], trust: [], route: '' }
    app = await makeApiServer(new Service({ node, events: new EventFeed(), ties, version: '0.0.0', role: 'seed' }))
  })
  after(async () => {
    await app?.close()
    await node?.stop()
  })

  async function document(): Promise<{ openapi: string; info: object; paths: Record<string, Record<string, Operation>> }> {
    const answer = await app.inject('/v1/openapi.json')
    expect(answer.statusCode).to.equal(200)
    return answer.json()
  }

  it('has every resource, with what it takes and gives', async () => {
    const { openapi, info, paths } = await document()
    expect(openapi).to.match(/^3\.1\./)
    expect(info).to.include({ title: 'Dragonfly local API', version: '1' })
    const all = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map(m => `${m.toUpperCase()} ${path}`))
    expect(all).to.include.members([
      'GET /v1/status',
      'GET /v1/contents',
      'DELETE /v1/contents/{id}',
      'POST /v1/gc',
      'PUT /v1/contents/{id}/pin',
      'DELETE /v1/contents/{id}/pin',
    ])
    for (const methods of Object.values(paths)) {
      for (const { summary } of Object.values(methods)) expect(summary).to.match(/^[A-Z]/)
    }
    expect(paths['/v1/status']?.get?.parameters).to.deep.equal([
      { schema: { type: 'integer', minimum: 0, maximum: 10_000, default: 1000 }, in: 'query', name: 'limit', required: false },
    ])
    expect(paths['/v1/contents/{id}']?.delete?.parameters).to.have.nested.property('[0].name', 'id')
  })

  it('describes the answer that is given', async () => {
    const { paths } = await document()
    const answer = paths['/v1/status']?.get?.responses['200']?.content['application/json']
    const status = (await app.inject('/v1/status')).json()
    expect(answer?.schema.properties).to.include.all.keys(Object.keys(status))
    const refused = await app.inject('/v1/status?limit=-1')
    expect(refused.statusCode).to.equal(400)
    expect(refused.json()).to.include({ code: 'bad-option' })
    expect(paths['/v1/status']?.get?.responses['4XX']?.content['application/json'].schema.properties).to.include.all.keys(
      Object.keys(refused.json()),
    )
  })
})
