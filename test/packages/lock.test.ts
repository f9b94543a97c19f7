// What is installed is what the lock files say, and how a release is published.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { ROOT } from '../cli/processes.ts'

interface Package {
  version: string
  integrity?: string
  resolved?: string
  link?: true
}

const read = async (...parts: string[]) => await readFile(path.join(ROOT, ...parts), 'utf8')

describe('lock files', () => {
  for (const folder of ['.', 'scripts/docs-site', 'scripts/api-docs']) {
    it(`${folder}: each package has a sha512, an exact version, and no source but the registry`, async () => {
      const { packages } = JSON.parse(await read(folder, 'package-lock.json')) as { packages: Record<string, Package> }
      const { '': own, ...others } = packages
      expect(Object.keys(others)).to.not.be.empty
      for (const [name, { integrity, version, resolved, link }] of Object.entries(others)) {
        expect(integrity, name).to.match(/^sha512-[A-Za-z0-9+/]{86}==$/)
        expect(version, name).to.match(/^\d+\.\d+\.\d+/)
        expect([resolved ?? 'https://registry.npmjs.org/', link], name).to.satisfy(
          ([from, isLink]: [string, unknown]) => from.startsWith('https://registry.npmjs.org/') && isLink === undefined,
        )
      }
      const { dependencies = {}, devDependencies = {} } = own as { dependencies?: object; devDependencies?: object }
      for (const range of Object.values({ ...dependencies, ...devDependencies })) expect(range).to.match(/^[\^~]?\d/)
    })
  }

  it('the workflow that publishes runs scripts that exist, checks before it publishes, and has no more rights than it needs', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> }
    const { permissions, jobs } = parse(await read('packaging/npm/publish.yml'))
    expect(permissions).to.deep.equal({})
    expect(jobs.npm.permissions).to.deep.equal({ contents: 'read', 'id-token': 'write' })
    const runs = (jobs.npm.steps as { run?: string }[]).flatMap(({ run }) => run ?? [])
    for (const run of runs) {
      const [, script] = /^npm run (\S+)/.exec(run) ?? []
      if (script !== undefined) expect(scripts).to.have.property(script)
    }
    expect(runs.slice(1, 4)).to.deep.equal(['npm ci', 'npm audit --omit=dev', 'npm audit signatures'])
    expect(runs.at(-1)).to.equal('npm publish --provenance --access public')
  })
})
