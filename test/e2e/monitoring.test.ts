// What is in packaging/monitoring: every metric that is named there exists, promtool accepts and tests the rules, and a real
// Prometheus scrapes a real daemon and a real seed and evaluates them.
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { METRICS } from '../../src/node/api/metrics.ts'
import { hasPrometheus, promtool } from '../gateway/promtool.ts'
import { type Lab, LISTEN } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MONITORING = fileURLToPath(new URL('../../packaging/monitoring/', import.meta.url))
const OWN = /\b(?:dragonfly|process|nodejs)_[a-z0-9_]+\b/g
const METRICS_FLAG = ['--metrics', '127.0.0.1:0']

interface Panel {
  type: string
  title: string
  id: number
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { expr: string; datasource: { uid: string } }[]
}

interface Answer<T> {
  status: string
  data: T
}

const packaged = async (name: string) => await readFile(`${MONITORING}${name}`, 'utf8')

describe('monitoring', () => {
  it('names only metrics that exist, and the dashboard shows all of them', async () => {
    const dashboard = JSON.parse(await packaged('grafana-dashboard.json')) as { panels: Panel[] }
    const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    const shown = new Set(expressions.join('\n').match(OWN))
    // the label values of a metric may look like one
    expect(Object.keys(METRICS)).to.include.members([...shown])
    const forAlerts = ['process_start_time_seconds', 'nodejs_eventloop_lag_p50_seconds', 'nodejs_heap_size_total_bytes']
    expect(Object.keys(METRICS).filter(name => !shown.has(name) && !forAlerts.includes(name))).to.deep.equal([])
    const alerts = (await packaged('alerts.yml')).match(OWN) ?? []
    expect(Object.keys(METRICS)).to.include.members([...new Set(alerts)])
  })

  it('asks for labels and values that exist', async () => {
    const texts = [await packaged('grafana-dashboard.json'), await packaged('alerts.yml')].map(text =>
      text.replaceAll('\\"', '"'),
    )
    for (const [, name = '', matchers = ''] of texts.join('\n').matchAll(/\b((?:dragonfly|process|nodejs)_\w+)\{([^{}]*)\}/g)) {
      const labels: Readonly<Record<string, readonly string[]>> = METRICS[name as keyof typeof METRICS].labels
      for (const [, label = '', operator, value = ''] of matchers.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)) {
        if (label === 'job' || label === 'instance') continue
        expect(Object.keys(labels), name).to.include(label)
        if (!operator?.includes('~')) expect(labels[label], `${name} ${label}`).to.include(value)
      }
    }
  })

  it('has a dashboard whose panels have an id each and do not overlap', async () => {
    const { panels } = JSON.parse(await packaged('grafana-dashboard.json')) as { panels: Panel[] }
    expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    )
    expect(new Set(cells).size).to.equal(cells.length)
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).to.equal(true)
    expect(panels.flatMap(({ targets = [] }) => targets).every(t => t.datasource.uid === `\${datasource}`)).to.equal(true)
  })

  it('has alert rules that promtool accepts, each of which fires and is silent as its tests say', async function () {
    if (!hasPrometheus('promtool')) this.skip()
    expect(promtool(['check', 'rules', `${MONITORING}alerts.yml`])).to.equal('')
    expect(promtool(['check', 'config', `${MONITORING}prometheus.yml`])).to.equal('')
    expect(promtool(['test', 'rules', `${MONITORING}alerts.test.yml`])).to.equal('')
    const tests = await packaged('alerts.test.yml')
    for (const [, name] of (await packaged('alerts.yml')).matchAll(/- alert: (\w+)/g)) {
      expect(tests.match(new RegExp(`alertname: ${name}$`, 'gm')), name).to.have.lengthOf(2)
    }
  })

  describe('with a real Prometheus', () => {
    let lab: Lab
    labForEach(opened => {
      lab = opened
    })

    it('scrapes a daemon and a seed, answers every question of the dashboard, and evaluates the alerts', async function () {
      if (!hasPrometheus('prometheus')) this.skip()
      const processes = [
        lab.df(['daemon', 'start', '--json', '--no-lan', ...METRICS_FLAG, '--gateway', '127.0.0.1:0', ...LISTEN]),
        lab.df(['seed', 'start', '--json', ...METRICS_FLAG, ...LISTEN]),
      ]
      const ready = await Promise.all(processes.map(process => process.line('ready')))
      const targets = ready.map(({ metrics }) => new URL(metrics as string).host)
      const config = (await packaged('prometheus.yml'))
        .replace('scrape_interval: 30s', 'scrape_interval: 1s')
        .replace('evaluation_interval: 30s', 'evaluation_interval: 1s')
        .replace('127.0.0.1:4805', targets.join('\n          - '))
      await writeFile(lab.path('prometheus.yml'), config)
      await writeFile(lab.path('alerts.yml'), await packaged('alerts.yml'))
      const port = await freePort()
      const prometheus = lab.run('prometheus', [
        `--config.file=${lab.path('prometheus.yml')}`,
        `--storage.tsdb.path=${lab.path('tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ])
      const ask = async <T>(path: string): Promise<T | undefined> => {
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`).catch(() => undefined)
        return answer?.ok === true ? ((await answer.json()) as Answer<T>).data : undefined
      }
      const query = async (expression: string) =>
        (await ask<{ result: { metric: Record<string, string> }[] }>(`query?query=${encodeURIComponent(expression)}`))?.result

      const evaluated = async () => {
        const { groups = [] } = (await ask<{ groups: { rules: { health: string }[] }[] }>('rules')) ?? {}
        const rules = groups.flatMap(group => group.rules)
        return rules.length > 0 && rules.every(({ health }) => health !== 'unknown') ? rules : undefined
      }
      // mocha's limit ends it
      while ((await query('up == 1'))?.length !== 2 || (await evaluated()) === undefined) {
        expect(prometheus.child.exitCode).to.equal(null)
        await sleep(100)
      }
      expect(new Set((await evaluated())?.map(({ health }) => health))).to.deep.equal(new Set(['ok']))
      expect(await query('dragonfly_build_info{role="seed"}')).to.have.lengthOf(1)
      expect(await query('dragonfly_build_info{role="daemon"}')).to.have.lengthOf(1)
      const active = await ask<{ activeTargets: { lastError: string }[] }>('targets')
      expect(active?.activeTargets.map(({ lastError }) => lastError)).to.deep.equal(['', ''])

      const { panels } = JSON.parse(await packaged('grafana-dashboard.json')) as { panels: Panel[] }
      for (const { expr } of panels.flatMap(({ targets: own = [] }) => own)) {
        const asked = expr.replaceAll('$job', 'dragonfly').replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m')
        expect(await query(asked), asked).to.be.an('array')
      }
      for (const process of [...processes, prometheus]) process.child.kill('SIGTERM')
      const ends = await Promise.all([...processes, prometheus].map(process => process.ended))
      expect(ends.map(({ code }) => code)).to.deep.equal([0, 0, 0])
    })
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>(resolve => server.close(() => resolve()))
  return typeof address === 'object' && address !== null ? address.port : 0
}
