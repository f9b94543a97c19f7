// The parts of bench/images that only calculate: options, and what the log of docker-registry says.
import { expect } from 'chai'
import { parseOptions } from '../../bench/images/options.ts'
import { blobBytesLogged } from '../../bench/images/registry.ts'
import { missingPrograms, RegistryLab } from '../gateway/auth/registry-lab.ts'

const MiB = 1024 * 1024

describe('bench/images', () => {
  it('has the defaults of the usage', () => {
    const options = parseOptions([])
    expect(options).to.include({ hosts: 8, bytes: 64 * MiB, rate: 50, registryRate: 100, hostRate: 200, runs: 5, pulls: 50 })
    expect(options.only).to.deep.equal(['fleet', 'one-host', 'private', 'silent-swarm'])
  })

  for (const args of [['--hosts', '0'], ['--size', '1.5'], ['--rate', 'x'], ['--only', 'fleet,x'], ['--no']]) {
    it(`refuses ${args.join(' ')}`, () => expect(() => parseOptions(args)).to.throw())
  }

  it('counts the bytes of blobs in the log of a real registry, and nothing else', async function () {
    const missing = missingPrograms()
    if (missing.length > 0) {
      console.warn(`SKIPPED: not installed: ${missing.join(', ')}`)
      this.skip()
    }
    const lab = await RegistryLab.open()
    try {
      const lines: string[] = []
      const { promise, resolve } = Promise.withResolvers<void>()
      const url = await lab.registry('', line => {
        lines.push(line)
        // of the last request; the lines before are here, then
        if (/response completed.*tags\/list|tags\/list.*response completed/.test(line)) resolve()
      })
      const image = await lab.image('team/app', 'v1', 1000, 300_000)
      const get = async (path: string, init: RequestInit = {}) => (await fetch(`${url}/v2/team/app/${path}`, init)).arrayBuffer()
      await get('manifests/v1', { headers: { accept: 'application/vnd.oci.image.manifest.v1+json' } })
      for (const { digest } of image.layers) await get(`blobs/${digest}`)
      await get(`blobs/${image.layers[1]?.digest}`, { headers: { range: 'bytes=0-99' } })
      await get(`blobs/${image.layers[1]?.digest}`, { method: 'HEAD' })
      await get('tags/list')
      await promise
      expect(blobBytesLogged(lines.join('\n'))).to.equal(301_100)
    } finally {
      await lab.close()
    }
  })
})
