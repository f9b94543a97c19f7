import { expect } from 'chai'
import { DragonflyError } from '../../../src/core/errors.ts'
import { headersForClient } from '../../../src/gateway/hub/answer-headers.ts'
import { MAX_TARGET, parseHubTarget } from '../../../src/gateway/hub/routes.ts'
import { hubOf } from '../../../src/gateway/hub/settings.ts'

describe('a request for the hub of the gateway', () => {
  it('is one for a file of a revision, or for anything else of the hub', () => {
    const file = (target: string) => parseHubTarget(target)?.file
    expect(file('/hf/org/model/resolve/main/a/b%20c.bin')).to.deep.equal({
      repo: 'org/model',
      revision: 'main',
      path: 'a/b c.bin',
    })
    expect(file('/hf/datasets/org/rows/resolve/refs%2Fpr%2F1/x')?.revision).to.equal('refs/pr/1')
    expect(file('/hf/gpt2/resolve/main/config.json?download=true')?.repo).to.equal('gpt2')
    expect(parseHubTarget('/hf/api/models/org/model?expand=sha')).to.deep.equal({
      path: '/api/models/org/model?expand=sha',
      file: undefined,
    })
    expect(parseHubTarget('/hf')).to.deep.equal({ path: '/', file: undefined })
    expect(file('/hf/org/model/resolve/main/x?other=1')).to.equal(undefined)
  })

  it('is refused where servers may read its path in different ways, or where it is too long', () => {
    for (const target of ['/hf/a/../b', '/hf/a/%2e%2E/b', '/hf//evil.example/x', '/hf/a\\b', '/hfx', '/hf/./a', '/v2/'])
      expect(parseHubTarget(target), target).to.equal(undefined)
    const longest = `/hf/${'a'.repeat(MAX_TARGET - 4)}`
    expect(parseHubTarget(longest)).not.to.equal(undefined)
    expect(parseHubTarget(`${longest}a`)).to.equal(undefined)
  })

  it('is answered with links that lead to the gateway, and without offers of Xet', () => {
    const [hub, base] = ['https://hub.example', 'http://127.0.0.1:9']
    const link =
      '<https://hub.example/api/a,b?cursor=1>; rel="next", <https://hub.example/t>; rel="xet-auth", <https://else.example/>; rel=next'
    const raw = ['Link', link, 'X-Xet-Hash', 'abc', 'Location', '/new/name', 'ETag', '"1"']
    expect(headersForClient(raw, hub, base)).to.deep.equal([
      'Link',
      '<http://127.0.0.1:9/hf/api/a,b?cursor=1>; rel="next", <https://else.example/>; rel=next',
      'Location',
      '/hf/new/name',
      'ETag',
      '"1"',
    ])
    expect(headersForClient(['Link', '<https://hub.example/t>; rel="xet-auth"'], hub, base)).to.deep.equal([])
    expect(headersForClient(['Location', 'https://hub.example.evil/x'], hub, base)[1]).to.equal('https://hub.example.evil/x')
    expect(headersForClient(['Location', '/sub/x'], `${hub}/sub`, base)[1]).to.equal('/hf/x')
  })

  it('goes to the hub of the configuration', () => {
    expect(hubOf()).to.equal('https://huggingface.co')
    expect(hubOf('http://hub.corp:8080/')).to.equal('http://hub.corp:8080')
    for (const bad of ['hub.corp', 'ftp://hub.corp', 'https://hub.corp/?a=1', 'https://me:pw@hub.corp'])
      expect(() => hubOf(bad), bad)
        .to.throw(DragonflyError)
        .with.property('code', 'bad-option')
  })
})
