import { expect } from 'chai'
import { checkPlatform, forPlatform, parseManifest } from '../../../src/origin/registries/image-manifest.ts'
import { parseImage } from '../../../src/origin/registries/image-reference.ts'
import { failure } from '../../core/failure.ts'

const HEX = 'ab'.repeat(32)
const HUB = 'https://registry-1.docker.io'

describe('names of images', () => {
  const good: Array<[text: string, registry: string, repository: string, version: string, url: string]> = [
    ['alpine', 'docker.io', 'library/alpine', 'latest', HUB],
    ['alpine:3', 'docker.io', 'library/alpine', '3', HUB],
    ['docker.io/alpine:3', 'docker.io', 'library/alpine', '3', HUB],
    ['index.docker.io/team/app', 'docker.io', 'team/app', 'latest', HUB],
    ['team/app:v1', 'docker.io', 'team/app', 'v1', HUB],
    ['reg.corp/app', 'reg.corp', 'app', 'latest', 'https://reg.corp'],
    ['reg.corp:5000/a/b/c:v1', 'reg.corp:5000', 'a/b/c', 'v1', 'https://reg.corp:5000'],
    ['REG/app', 'REG', 'app', 'latest', 'https://reg'],
    [`reg.corp/app:v1@sha256:${HEX}`, 'reg.corp', 'app', `sha256:${HEX}`, 'https://reg.corp'],
    ['localhost/app', 'localhost', 'app', 'latest', 'http://localhost'],
    ['127.0.0.1:5000/app', '127.0.0.1:5000', 'app', 'latest', 'http://127.0.0.1:5000'],
    ['[::1]:5000/app', '[::1]:5000', 'app', 'latest', 'http://[::1]:5000'],
    ['reg.corp/a__b.c-d--e', 'reg.corp', 'a__b.c-d--e', 'latest', 'https://reg.corp'],
  ]
  for (const [text, registry, repository, version, url] of good) {
    it(text, () => {
      const { url: place, ...rest } = parseImage(text)
      expect({ ...rest, url: place.origin }).to.deep.equal({ registry, repository, version, url })
    })
  }
  it('over http when asked to', () => expect(parseImage('reg.corp:5000/app', true).url.origin).to.equal('http://reg.corp:5000'))

  const bad = [
    '',
    ':',
    '/',
    'App',
    'reg.corp/',
    'reg.corp/App',
    'reg.corp/a//b',
    'reg.corp/../x',
    'a:b:c',
    'a@b@c',
    'reg.corp:99999/a',
    '-reg.corp/a',
    'a b',
    'a:-tag',
    HEX,
    `reg.corp/${'a'.repeat(250)}`,
    'a'.repeat(2000),
    'https://reg.corp/app',
    'u:p@reg.corp/app',
    'reg.corp/a?x=y',
    'reg.corp/a%2e',
  ]
  for (const text of bad)
    it(`not ${JSON.stringify(text.slice(0, 40))}`, () => {
      expect(() => parseImage(text))
        .to.throw()
        .with.property('code')
        .that.is.oneOf(['bad-url', 'bad-digest'])
    })
  it('no other digest than sha256', () => {
    failure(() => parseImage(`a@sha512:${HEX}`), 'bad-digest')
    failure(() => parseImage(`a@sha256:${HEX}0`), 'bad-digest')
  })
})

describe('manifests of images', () => {
  const blob = (more: object = {}) => ({ digest: `sha256:${HEX}`, size: 3, ...more })
  const parsed = (json: unknown) => parseManifest(Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)), 'app')

  it('config and layers, those of others left out', () => {
    const layers = [blob(), blob({ mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' })]
    expect(parsed({ schemaVersion: 2, config: blob({ size: 1 }), layers })).to.deep.equal({
      kind: 'manifest',
      config: blob({ size: 1 }),
      layers: [blob()],
    })
  })

  it('titles of layers, where they are of use', () => {
    const titled = (title: unknown) => blob({ annotations: { 'org.opencontainers.image.title': title } })
    const layers = [titled('a/b.bin'), titled(''), titled(7), titled('x'.repeat(4097)), blob({ annotations: 'x' })]
    const found = parsed({ schemaVersion: 2, config: blob(), layers })
    expect(found).to.deep.include({ layers: [blob({ title: 'a/b.bin' }), blob(), blob(), blob(), blob()] })
  })

  it('platforms of an index', () => {
    const platform = (os: string, architecture: string, variant?: string) =>
      blob({ platform: { os, architecture, ...(variant && { variant }) } })
    const index = parsed({
      manifests: [
        platform('linux', 'amd64'),
        platform('linux', 'arm', 'v6'),
        platform('linux', 'arm', 'v7'),
        platform('unknown', 'unknown'),
        blob(),
      ],
    })
    if (index.kind !== 'index') throw new Error('no index')
    const names = (wanted: string) => forPlatform(index.manifests, wanted).map(({ platform }) => platform)
    expect(names('linux/amd64')).to.deep.equal(['linux/amd64'])
    expect(names('linux/arm')).to.deep.equal(['linux/arm/v6', 'linux/arm/v7'])
    expect(names('linux/arm/v7')).to.deep.equal(['linux/arm/v7'])
    expect(names('windows/amd64')).to.deep.equal([])
    expect(names('all')).to.have.length(5)
  })

  for (const json of [
    '',
    '[]',
    '{}',
    { schemaVersion: 1, fsLayers: [] },
    { schemaVersion: 2, config: blob(), layers: [7] },
    { schemaVersion: 2, config: blob({ digest: 'sha512:x' }), layers: [] },
    { schemaVersion: 2, config: blob({ size: -1 }), layers: [] },
    { manifests: Array(1001).fill(blob()) },
  ])
    it(`unusable: ${JSON.stringify(json).slice(0, 60)}`, () => void failure(() => parsed(json), 'origin-lies'))

  it('platforms are checked', () => {
    for (const text of ['all', 'linux/amd64', 'linux/arm/v7']) expect(checkPlatform(text)).to.equal(text)
    for (const text of ['', 'linux', 'linux/', 'Linux/amd64', 'linux/amd64/v1/x', 'linux/amd64 '])
      failure(() => checkPlatform(text), 'bad-option')
  })
})
