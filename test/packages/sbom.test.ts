import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { type Bom, sbom } from '../../scripts/sbom.ts'
import { ROOT } from '../cli/processes.ts'

describe('npm run sbom', () => {
  let bom: Bom
  let manifest: { name: string; version: string; dependencies: Record<string, string>; devDependencies: Record<string, string> }
  before(async () => {
    manifest = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
    bom = await sbom()
  })

  it('names the package in CycloneDX', () => {
    expect(bom).to.include({ bomFormat: 'CycloneDX' })
    expect(Number(bom.specVersion)).to.be.at.least(1.5)
    const { name, version } = manifest
    expect(bom.metadata.component).to.include({ name, version, type: 'application', purl: `pkg:npm/${name}@${version}` })
  })

  it('has every package that runs, in the version of the lock file, with Node, and none of development', async () => {
    const { packages } = JSON.parse(await readFile(path.join(ROOT, 'package-lock.json'), 'utf8'))
    const versions = new Map(bom.components.map(component => [component.name, component.version]))
    for (const name of [...Object.keys(manifest.dependencies), 'node'])
      expect(versions.get(name), name).to.equal(packages[`node_modules/${name}`].version)
    for (const name of ['mocha', 'esbuild', 'typescript', 'kubernetes-models']) expect(versions.has(name), name).to.equal(false)
  })

  it('leads to every component from the package, and each has a licence', () => {
    const next = new Map(bom.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]))
    const reached = new Set([`${manifest.name}@${manifest.version}`])
    for (const ref of reached) for (const other of next.get(ref) ?? []) reached.add(other)
    expect(bom.components.map(component => component['bom-ref']).filter(ref => !reached.has(ref))).to.deep.equal([])
    const unlicensed = bom.components.filter(({ licenses }) => licenses === undefined || licenses.length === 0)
    expect(unlicensed.map(({ name }) => name)).to.deep.equal([])
  })
})
