// The Helm chart and the plain YAML made from it: by Helm where it is there, by the schemas of Kubernetes' API and our own tables always.
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Ajv } from 'ajv'
import { expect } from 'chai'
import { DaemonSet, StatefulSet } from 'kubernetes-models/apps/v1'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { ConfigMap, Service } from 'kubernetes-models/v1'
import { parse, parseAllDocuments } from 'yaml'
import { parseConfig } from '../../src/cli/config.ts'
import { makeProgram } from '../../src/cli/program.ts'
import { VARIABLES } from '../../src/cli/variables.ts'
import { buildOnce } from '../cli/built.ts'
import { DRAGONFLY, ROOT, run, start } from '../cli/processes.ts'

const CHART = path.join(ROOT, 'packaging', 'helm', 'dragonfly')
const PLAIN = path.join(ROOT, 'packaging', 'kubernetes', 'dragonfly.yaml')
const HELM = process.env.HELM || 'helm'
/** `kind` → its schema. Another kind fails. */
const KINDS = { DaemonSet, StatefulSet, NetworkPolicy, ConfigMap, Service }

interface Container {
  args?: string[]
  command?: string[]
  env?: { name: string }[]
}

interface Resource {
  kind: keyof typeof KINDS
  data?: Record<string, string>
  spec?: { template?: { spec: { containers: Container[] } } }
}

function hasHelm(): boolean {
  const isHere = spawnSync(HELM, ['version']).status === 0
  if (!isHere) console.warn('SKIPPED: helm is not installed, so the chart itself is not tried, only the YAML made from it')
  return isHere
}

function resourcesOf(yaml: string): Resource[] {
  const documents = parseAllDocuments(yaml)
  expect(documents.flatMap(document => [...document.errors, ...document.warnings])).to.deep.equal([])
  return documents.map(document => document.toJS()).filter(resource => resource !== null)
}

const containersOf = (resources: Resource[]): Container[] =>
  resources.flatMap(({ spec }) => spec?.template?.spec.containers ?? [])

/** The command that the arguments make, or what is wrong with them. */
async function understood(args: string[]): Promise<string> {
  const seen: string[] = []
  const nothing = async () => 0
  const parsed = makeProgram('dragonfly', {
    get: nothing,
    preheat: nothing,
    startSeed: async () => seen.push('seed start'),
    administrate: nothing,
    daemon: async command => seen.push(`daemon ${command.do}`),
    fleet: nothing,
    lfs: nothing,
    top: nothing,
    share: nothing,
    gateway: nothing,
    simulate: nothing,
  })
  await parsed.run(args)
  return seen.join()
}

/**
 * Fields of a resource that its schema does not know, as `kubeconform -strict` tells them: a cluster ignores such a field, so a
 * misspelt one does nothing. The schemas are compiled to code that reads every field they know: a field that is not read is not known.
 */
function unknownFields(resource: Resource): string[] {
  const [unread, ours] = [new Set<string>(), new WeakSet<object>()]
  const watched = (value: unknown, at: string): unknown => {
    if (typeof value !== 'object' || value === null || ours.has(value)) return value
    const items = Object.entries(value).map(([name, child]) => [name, watched(child, `${at}.${name}`)] as const)
    const copy: object = Array.isArray(value) ? items.map(([, child]) => child) : Object.fromEntries(items)
    if (!Array.isArray(value)) for (const [name] of items) unread.add(`${at}.${name}`)
    const proxy = new Proxy(copy, {
      get(target, name, receiver) {
        unread.delete(`${at}.${String(name)}`)
        return Reflect.get(target, name, receiver)
      },
    })
    ours.add(proxy)
    return proxy
  }
  const parts = Object.entries(resource).map(([name, part]) => [name, watched(part, name)])
  // its constructor would copy them
  Object.assign(new KINDS[resource.kind](), Object.fromEntries(parts)).validate()
  const top = Object.keys(resource).filter(name => !['apiVersion', 'kind', 'metadata', 'spec', 'data'].includes(name))
  return [...top, ...unread]
}

/** Every resource, flag, variable and key is one that exists. */
async function check(yaml: string): Promise<Resource[]> {
  const resources = resourcesOf(yaml)
  for (const resource of resources) {
    const schema = KINDS[resource.kind]
    expect(schema, resource.kind).to.not.equal(undefined)
    expect(unknownFields(resource), resource.kind).to.deep.equal([])
  }
  for (const { args = [], env = [] } of containersOf(resources)) {
    expect(await understood(args)).to.match(/^(daemon|seed) start$/)
    for (const { name } of env) expect(VARIABLES).to.have.property(name)
  }
  for (const { data = {} } of resources) {
    for (const [name, text] of Object.entries(data)) parseConfig(text, name)
  }
  return resources
}

describe('packaging/kubernetes and packaging/helm', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'df-helm-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  it('plain YAML has resources, flags, variables and keys that exist, and pods with few rights', async () => {
    const text = await readFile(PLAIN, 'utf8')
    const resources = await check(text)
    expect(resources.map(({ kind }) => kind).toSorted()).to.deep.equal(['ConfigMap', 'DaemonSet', 'NetworkPolicy', 'Service'])
    for (const container of containersOf(resources)) {
      expect(container).to.have.property('securityContext').that.includes({
        runAsNonRoot: true,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
      })
    }
    expect(() => new DaemonSet({ spec: { replicas: 1 } } as never).validate(), 'the schemas refuse something').to.throw()
    expect(await understood(['daemon', 'start', '--no-such-flag']).catch(() => '')).to.equal('')
  })

  it('a misspelt field is found anywhere, and a value of another type', async () => {
    const [daemons] = resourcesOf(await readFile(PLAIN, 'utf8')).filter(({ kind }) => kind === 'DaemonSet') as [Resource]
    const changed = (change: (pod: { [name: string]: unknown; containers: { [name: string]: unknown }[] }) => void): Resource => {
      const copy = structuredClone(daemons)
      change(copy.spec?.template?.spec as never)
      return copy
    }
    const misspelt = changed(pod => {
      pod.hostNetwrk = true
      const [container] = pod.containers
      Object.assign(container as object, { imag: 'x', securityContext: { readOnlyRootFileSystem: true } })
    })
    const pod = 'spec.template.spec'
    expect(unknownFields(misspelt).toSorted()).to.deep.equal([
      `${pod}.containers.0.imag`,
      `${pod}.containers.0.securityContext.readOnlyRootFileSystem`,
      `${pod}.hostNetwrk`,
    ])
    expect(unknownFields({ ...daemons, specs: {} } as Resource)).to.deep.equal(['specs'])
    expect(() => unknownFields(changed(({ containers }) => Object.assign(containers[0] as object, { args: 'x' })))).to.throw(
      'args',
    )
  })

  it('values.yaml fits values.schema.json, which knows no other keys', async () => {
    const schema = JSON.parse(await readFile(path.join(CHART, 'values.schema.json'), 'utf8'))
    const values = parse(await readFile(path.join(CHART, 'values.yaml'), 'utf8'))
    const ajv = new Ajv({ strict: false })
    const isValid = ajv.validate(schema, values)
    expect([isValid, ajv.errors]).to.deep.equal([true, null])
    expect(
      Object.keys(schema.properties)
        .filter(key => key !== 'global')
        .toSorted(),
    ).to.deep.equal(Object.keys(values).toSorted())
    for (const wrong of [{ gateway: { network: 'bridge' } }, { store: { quotaa: '1G' } }, { port: 70_000 }])
      expect(ajv.validate(schema, wrong)).to.equal(false)
  })

  it('chart and plain YAML have the version of the package', async () => {
    const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
    expect(parse(await readFile(path.join(CHART, 'Chart.yaml'), 'utf8'))).to.include({ version, appVersion: version })
    expect(await readFile(PLAIN, 'utf8')).to.include(`app.kubernetes.io/version: "${version}"`)
    expect(await readFile(path.join(ROOT, 'packaging', 'docker', 'Dockerfile'), 'utf8')).to.include(`ARG VERSION=${version}\n`)
  })

  it('the daemon starts with the arguments and the config.json of the DaemonSet, and its gateway answers', async () => {
    await buildOnce()
    const resources = resourcesOf(await readFile(PLAIN, 'utf8'))
    const [{ args = [] } = {}] = containersOf(resources)
    const env = {
      PATH: process.env.PATH,
      DRAGONFLY_HOME: path.join(dir, 'home'),
      DRAGONFLY_CONFIG: path.join(dir, 'config.json'),
    }
    const config = resources.find(({ kind }) => kind === 'ConfigMap')?.data?.['config.json'] as string
    await writeFile(env.DRAGONFLY_CONFIG, config)
    const fleet = path.join(dir, 'fleet.json')
    expect(await run(DRAGONFLY, ['fleet', 'init', fleet], { env })).to.include({ code: 0 })
    const here = args.map(arg =>
      arg
        .replace('/ip4/0.0.0.0/tcp/4801', '/ip4/127.0.0.1/tcp/0')
        .replace('/etc/dragonfly/fleet/fleet.json', fleet)
        .replace('--gateway=0.0.0.0:65001', '--gateway=127.0.0.1:0')
        // there is no such name here: the daemon waits for one
        .replace(/dns:.*$/, 'dns:dragonfly.invalid:4801'),
    )
    const daemon = start(DRAGONFLY, [...here, '--json'], { env })
    try {
      await daemon.says(/"type":"ready"/)
      const ready = JSON.parse(daemon.said.stdout.split('\n').find(line => line.includes('"ready"')) as string)
      const answer = await fetch(new URL('/_dragonfly/health', ready.gateway))
      expect(await answer.json()).to.include({ name: 'dragonfly', role: 'daemon' })
    } finally {
      daemon.child.kill('SIGTERM')
      expect(await daemon.ended).to.include({ code: 0 })
    }
  })

  it('helm finds no fault in the chart, and makes the plain YAML of it', async function () {
    if (!hasHelm()) return this.skip()
    const lint = spawnSync(HELM, ['lint', '--strict', CHART])
    expect(lint.status, lint.stdout.toString()).to.equal(0)
    const before = await readFile(PLAIN, 'utf8')
    spawnSync('sh', [path.join(ROOT, 'scripts', 'kubernetes.sh')], { env: { ...process.env, HELM } })
    expect(await readFile(PLAIN, 'utf8')).to.equal(before)
  })

  for (const [what, ...values] of [
    [
      'seeds with a disk of their own',
      'seeds.replicas=2',
      'seeds.allowOrigins={10.0.0.0/8,*.corp.example}',
      'seeds.storageClass=fast',
    ],
    ['the network of the node and a folder of it', 'gateway.network=host', 'store.kind=hostPath'],
    [
      'limits, and settings of config.json',
      'limits.receive=50M',
      'limits.upload=1gbit',
      'limits.total=50%',
      'config.originConnections=4',
    ],
    ['no fleet, no gateway, no policy', 'fleet.enabled=false', 'gateway.enabled=false', 'networkPolicy.enabled=false'],
  ] as const) {
    it(`helm makes resources that exist: ${what}`, async function () {
      if (!hasHelm()) return this.skip()
      const set = values.flatMap(value => ['--set', value])
      const made = spawnSync(HELM, ['template', 'test', CHART, '--namespace', 'images', ...set])
      expect(made.status, made.stderr.toString()).to.equal(0)
      await check(made.stdout.toString())
    })
  }
})
