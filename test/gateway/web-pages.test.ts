// What web pages get of the gateway's stores: nothing, in browsers that say who asks and in those that do not.
import { request as httpRequest } from 'node:http'
import { expect } from 'chai'
import { withVariables } from '../origin/sources/environment.ts'
import { World } from '../world/world.ts'
import { startMirror } from './registry/mirror-lab.ts'

describe('web pages at the gateway', () => {
  let world: World
  beforeEach(async () => {
    world = await World.open()
  })
  afterEach(() => world.close())

  const headOf = async (url: string, headers: Record<string, string>) =>
    await new Promise<{ status: number | undefined; headers: Record<string, unknown> }>((resolve, reject) => {
      const sent = httpRequest(url, { headers, agent: false }, answer => {
        answer.resume()
        resolve({ status: answer.statusCode, headers: answer.headers })
      })
      sent.on('error', reject).end()
    })

  it('are refused by name, by address of nobody, by origin and by site; what browsers get is of no use to other pages', async () => {
    const origin = await world.origin(Buffer.from('window.secret = 42'))
    await withVariables({ AWS_ENDPOINT_URL_S3: origin.url }, async () => {
      const at = await startMirror(world, { s3: 'anonymous', ipfs: true })
      const { port } = new URL(at)
      for (const url of [`${at}/s3/models/key`, `${at}/ipfs/bafkqaaa?format=raw`]) {
        for (const headers of [
          { host: 'evil.example' },
          { host: `localhost.evil.example:${port}` },
          { host: `0.0.0.0:${port}` },
          { host: '0' },
          { host: '[::]' },
          { origin: 'http://evil.example' },
          { origin: 'null' },
          { 'sec-fetch-site': 'cross-site' },
          { 'sec-fetch-site': 'same-site' },
        ] as Record<string, string>[])
          expect((await headOf(url, headers)).status, JSON.stringify(headers)).to.equal(403)
        const { status, headers } = await headOf(url, {})
        expect(status).to.equal(200)
        expect(headers).to.include({
          'cross-origin-resource-policy': 'same-origin',
          'content-security-policy': "sandbox; default-src 'none'",
          'x-content-type-options': 'nosniff',
        })
        expect(headers).not.to.have.property('access-control-allow-origin')
      }
    })
  })
})
