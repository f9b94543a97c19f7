import { expect } from 'chai'
import { mirrorLocation } from '../../src/cli/setup/registries.ts'
import { parseTarget } from '../../src/gateway/registry/routes.ts'

describe('the registry in the path of a mirror', () => {
  for (const registry of ['quay.io', 'reg.example.org:5000', '127.0.0.1:5000', 'localhost:5000']) {
    it(`that set-up writes for ${registry} is read by the gateway`, () => {
      const location = mirrorLocation('http://127.0.0.1:65001', registry)
      // no colon: such a reference is refused by containers/image, and the whole pull with it
      expect(location.replace('127.0.0.1:65001/', '')).to.match(/^[a-z0-9._]+$/)
      const target = parseTarget(`${location.replace('127.0.0.1:65001', '/v2')}/team/app/manifests/v1`)
      expect(target).to.deep.include({ host: registry })
      expect(target?.prefix).to.equal(location.split('/')[1])
      expect(target?.route).to.deep.include({ kind: 'manifest', name: 'team/app' })
    })
  }
})
