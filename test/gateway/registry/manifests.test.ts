// Manifests that are too large to keep, of a registry that does not say how long they are.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { World } from '../../world/world.ts'
import { ask, startMirror } from './mirror-lab.ts'

const TYPE = 'application/vnd.oci.image.manifest.v1+json'

describe('a manifest of more than 4 MiB whose length is not announced', () => {
  let world: World
  beforeEach(async () => {
    world = await World.open()
  })
  afterEach(() => world.close())

  it('streams through', async () => {
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: TYPE, filler: 'x'.repeat(5_000_000) }))
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`
    const registry = createServer((_, response) => {
      response.writeHead(200, { 'content-type': TYPE, 'docker-content-digest': digest })
      // in parts, so that it is sent in chunks
      for (let at = 0; at < body.length; at += 700_000) response.write(body.subarray(at, at + 700_000))
      response.end()
    })
    await new Promise<void>(done => registry.listen(0, '127.0.0.1', done))
    world.atEnd(async () => {
      registry.closeAllConnections()
      registry.close()
    })
    const at = await startMirror(world)
    const ns = `?ns=127.0.0.1%3A${(registry.address() as AddressInfo).port}`
    for (const reference of ['v1', digest]) {
      const answer = await ask(`${at}/v2/team/app/manifests/${reference}${ns}`)
      expect(answer.status).to.equal(200)
      expect(answer.headers['docker-content-digest']).to.equal(digest)
      expect(answer.body.equals(body)).to.equal(true)
    }
  })
})
