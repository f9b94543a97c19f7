import { expect } from 'chai'
import { MAX_NAME, MAX_TARGET, parseTarget } from '../../../src/gateway/registry/routes.ts'
import { Registries } from '../../../src/gateway/registry/settings.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

function shape(text: string): string | undefined {
  const target = parseTarget(text)
  return target && `${target.route.kind} ${target.host ?? '-'} ${target.route.path}${target.query}`
}

describe('paths of the registry mirror', () => {
  it('names the registry by ns, by the path, or not at all', () => {
    expect(shape('/v2/')).to.equal('base - /v2/')
    expect(shape('/v2/?ns=docker.io')).to.equal('base docker.io /v2/')
    expect(shape('/v2/reg.corp/')).to.equal('base reg.corp /v2/')
    expect(shape('/v2/a/b/manifests/v1?ns=REG.corp%3A5000')).to.equal('manifest reg.corp:5000 /v2/a/b/manifests/v1')
    expect(shape('/v2/reg.corp:5000/a/manifests/v1')).to.equal('manifest reg.corp:5000 /v2/a/manifests/v1')
    expect(shape('/v2/reg.corp_5000/a/manifests/v1')).to.equal('manifest reg.corp:5000 /v2/a/manifests/v1')
    expect(shape(`/v2/localhost_5000/a/blobs/${DIGEST}`)).to.equal(`blob localhost:5000 /v2/a/blobs/${DIGEST}`)
    expect(shape(`/v2/a/blobs/sha256%3A${'a'.repeat(64)}`)).to.equal(`blob - /v2/a/blobs/sha256%3A${'a'.repeat(64)}`)
    expect(shape('/v2/my.app/manifests/v1')).to.equal('manifest - /v2/my.app/manifests/v1')
    expect(shape('/v2/reg.corp/_catalog?n=3')).to.equal('other reg.corp /v2/_catalog?n=3')
    expect(shape('/v2/a/tags/list?n=3&ns=reg.corp&last=x')).to.equal(
      'other - /v2/a/tags/list?n=3&last=x'.replace('-', 'reg.corp'),
    )
  })

  it('leaves what is no name, tag or sha256 to the registry', () => {
    for (const path of [
      `/v2/a/blobs/sha512:${'a'.repeat(128)}`,
      `/v2/a/blobs/sha256:${'A'.repeat(64)}`,
      `/v2/A/manifests/v1`,
      `/v2/a/manifests/${'t'.repeat(129)}`,
      `/v2/${'a'.repeat(MAX_NAME + 1)}/manifests/v1`,
      '/v2/a/blobs/uploads/',
    ]) {
      expect(parseTarget(path)?.route.kind, path).to.equal('other')
    }
  })

  it('refuses what may be read as another path, and what is too long', () => {
    for (const path of [
      '/',
      '/v1/',
      '/v2x',
      '/v2/a/../b/manifests/v1',
      '/v2/a/%2e%2e/b',
      '/v2/a%2fb/manifests/v1',
      '/v2/a\\b',
      '/v2//a',
      '/v2/?ns=',
      '/v2/?ns=a%2Fb',
      '/v2/?ns=user@host',
      '/v2/?ns=reg.corp:99999',
      '/v2/?ns=a&ns=b',
      `/v2/?ns=${'a'.repeat(300)}`,
      `/v2/a/tags/list?last=${'x'.repeat(MAX_TARGET)}`,
    ]) {
      expect(parseTarget(path), path).to.equal(undefined)
    }
  })
})

describe('registries that a gateway asks', () => {
  it('any for this host alone; for others those that are named', () => {
    const named = { registries: { 'reg.corp:5000': { url: 'http://10.0.0.1:5000' } } }
    const local = new Registries(named, '127.0.0.1')
    expect(local.find()?.origin).to.equal('https://registry-1.docker.io')
    expect(local.find('index.docker.io')?.host).to.equal('docker.io')
    expect(local.find('other.corp')?.origin).to.equal('https://other.corp')
    expect(local.find('localhost:5000')?.origin).to.equal('http://localhost:5000')
    expect(local.find('reg.corp:5000')?.origin).to.equal('http://10.0.0.1:5000')
    for (const listen of ['0.0.0.0', '::', '10.0.0.7']) {
      const open = new Registries(named, listen)
      expect(open.find('other.corp'), listen).to.equal(undefined)
      expect(open.find('169.254.169.254'), listen).to.equal(undefined)
      expect(open.find('docker.io')?.host).to.equal('docker.io')
      expect(open.find('reg.corp:5000')?.host).to.equal('reg.corp:5000')
      expect(new Registries({ ...named, anyRegistry: true }, listen).find('other.corp')).to.not.equal(undefined)
    }
    expect(new Registries({ anyRegistry: false }, '127.0.0.1').find('other.corp')).to.equal(undefined)
  })

  it('says what is wrong with the configuration', () => {
    for (const settings of [
      { registry: 'a/b' },
      { registries: { 'reg corp': {} } },
      { registries: { 'reg.corp': { url: 'ftp://x' } } },
      { registries: { 'reg.corp': { url: 'http://user@x' } } },
      { registries: { 'reg.corp': { url: 'http://x/path' } } },
    ]) {
      expect(() => new Registries(settings, '127.0.0.1').find('reg.corp')).to.throw(/^gateway: /)
    }
  })
})
