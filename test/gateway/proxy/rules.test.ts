// Which URLs the rules share, pass and block, and what is no rule.
import { expect } from 'chai'
import { DragonflyError } from '../../../src/core/errors.ts'
import type { ReadyRule } from '../../../src/gateway/proxy/ready-rules.ts'
import { MAX_MATCH, MAX_RULES, Rules } from '../../../src/gateway/proxy/rules.ts'

const HASH = 'a'.repeat(64)

/** By ready rule: what it shares, and what it passes. */
const READY: Record<ReadyRule, { shared: string[]; passed: string[] }> = {
  apt: {
    shared: [
      'http://deb.debian.org/debian/pool/main/h/hello/hello_2.10-3_amd64.deb',
      'http://10.0.0.1:8080/x_1_all.deb',
      'http://deb.debian.org/debian/pool/main/h/hello/hello_2.10.orig.tar.gz',
      `http://deb.debian.org/debian/dists/sid/main/binary-amd64/by-hash/SHA256/${HASH}`,
    ],
    passed: [
      'http://deb.debian.org/debian/dists/sid/InRelease',
      'http://deb.debian.org/debian/dists/sid/main/binary-amd64/Packages.xz',
      'http://example.org/page?file=x.deb',
    ],
  },
  npm: {
    shared: ['https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz', 'https://npm.corp/repo/@a/b/-/b-1.0.0.tgz'],
    passed: ['https://registry.npmjs.org/left-pad', 'https://registry.npmjs.org/-/npm/v1/security/advisories/bulk'],
  },
  pip: {
    shared: [
      `https://files.pythonhosted.org/packages/aa/bb/${HASH}/six-1.16.0-py2.py3-none-any.whl`,
      `https://files.pythonhosted.org/packages/aa/bb/${HASH}/six-1.16.0-py2.py3-none-any.whl.metadata`,
      `https://files.pythonhosted.org/packages/aa/bb/${HASH}/six-1.16.0.tar.gz`,
    ],
    passed: ['https://pypi.org/simple/six/', 'https://pypi.org/pypi/six/json'],
  },
  maven: {
    shared: ['https://repo1.maven.org/maven2/junit/junit/4.13.2/junit-4.13.2.jar'],
    passed: [
      'https://repo1.maven.org/maven2/junit/junit/maven-metadata.xml',
      'https://nexus.corp/snapshots/a/b/1.0-SNAPSHOT/b-1.0-20260101.1-1.jar',
    ],
  },
  go: {
    shared: ['https://proxy.golang.org/golang.org/x/text/@v/v0.14.0.zip'],
    passed: ['https://proxy.golang.org/golang.org/x/text/@v/list', 'https://proxy.golang.org/golang.org/x/text/@latest'],
  },
  huggingface: {
    shared: [
      `https://huggingface.co/gpt2/resolve/${'b'.repeat(40)}/model.safetensors`,
      'https://cdn-lfs-us-1.hf.co/repos/aa/bb?Policy=x&Signature=y',
    ],
    passed: ['https://huggingface.co/gpt2/resolve/main/config.json', 'https://huggingface.co/api/models/gpt2'],
  },
  'git-lfs': {
    shared: [
      `https://git.corp/team/a.git/info/lfs/objects/${HASH}`,
      `https://git.corp/team/a.git/gitlab-lfs/objects/${HASH}`,
      `https://github-cloud.githubusercontent.com/alambic/media/1/aa/bb/${HASH}?X-Amz-Signature=x`,
    ],
    passed: ['https://git.corp/team/a.git/info/lfs/objects/batch', 'https://git.corp/team/a.git/info/refs'],
  },
}

describe('rules of the proxy', () => {
  for (const [name, { shared, passed }] of Object.entries(READY)) {
    it(`${name}: shares files that never change, and passes the rest`, () => {
      const rules = new Rules([name as ReadyRule])
      for (const url of shared) expect(rules.decide(url).action, url).to.equal('swarm')
      for (const url of passed) expect(rules.decide(url).action, url).to.equal('direct')
    })
  }

  it('takes the first rule that matches, and none means direct', () => {
    const rules = new Rules([
      { match: '^https?://bad\\.example/', action: 'block' },
      { match: '\\.iso$', action: 'swarm', filter: ['sig'] },
      'apt',
    ])
    expect(rules.decide('http://bad.example/x.iso').action).to.equal('block')
    expect(rules.decide('http://good.example/x.iso')).to.deep.equal({ action: 'swarm', filter: ['sig'] })
    expect(rules.decide('http://good.example/x.deb').action).to.equal('swarm')
    expect(rules.decide('http://good.example/')).to.deep.equal({ action: 'direct', filter: [] })
  })

  it('names the rule that is none', () => {
    const refused = (entries: unknown[], message: RegExp) =>
      expect(() => new Rules(entries as never))
        .to.throw(DragonflyError, message)
        .with.property('code', 'bad-option')
    refused(['apt', { match: '(', action: 'swarm' }], /^gateway\.rules: rule 2: not a regular expression: "\("/)
    refused([{ match: '(?=x)', action: 'swarm' }], /rule 1: not a regular expression/)
    refused(['apt', 'rpm'], /rule 2: there are no ready rules "rpm"/)
    refused([{ match: 'x'.repeat(MAX_MATCH + 1), action: 'swarm' }], /rule 1: its expression is longer/)
    refused(Array(MAX_RULES + 1).fill('apt'), /more than 256 rules/)
    refused([{ match: 'x', action: 'swarm', filter: Array(65).fill('a') }], /rule 1: it filters more than 64/)
  })

  it('takes an expression that would keep a backtracking engine busy for years', () => {
    const rules = new Rules([{ match: '^(a+)+$', action: 'block' }])
    expect(rules.decide(`${'a'.repeat(8000)}!`).action).to.equal('direct')
  })
})
