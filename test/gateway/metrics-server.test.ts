// The port for Prometheus: what it serves, in which format, and that nothing which peers, origins or programs send becomes a label.
import { get, request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { EventFeed } from '../../src/daemon/event-feed.ts'
import { Service } from '../../src/daemon/service.ts'
import { serveMetrics } from '../../src/gateway/api/metrics-server.ts'
import { wantsOpenMetrics } from '../../src/gateway/api/prometheus.ts'
import { engineOf } from '../../src/gateway/front/count-request.ts'
import { serveGateway } from '../../src/gateway/gateway.ts'
import { METRICS } from '../../src/node/api/metrics.ts'
import { until } from '../waiting.ts'
import { content, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'
import { hasPrometheus, promtool } from './promtool.ts'

const TIES = { seeds: [], bootstrap: [], trust: [], route: '' }
const VERSION = '1.2.3'
const BODY = content('metrics-server', 2 * PIECE + 9)
const OPEN_METRICS =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
/** Absent where there is nothing to say: without a store, a limit, a fleet; the delay of the event loop at the first scrape. */
const MAY_LACK = /^(dragonfly_(store_|evicted_|rate_limit_|fleet_members)|nodejs_eventloop_lag_|process_(open|max)_fds)/

interface Answer {
  status: number | undefined
  type: string | undefined
  body: string
}

describe('metrics for Prometheus', () => {
  let world: World
  let origin: TestOrigin
  worldForEach(BODY, (opened, o) => {
    world = opened
    origin = o
  })

  const serviceOf = ({ node }: Observed) =>
    new Service({ node, events: new EventFeed(), ties: TIES, version: VERSION, role: 'seed' })

  async function serve(service: Service): Promise<string> {
    const served = await serveMetrics(service, { host: '127.0.0.1', port: 0 })
    world.atEnd(() => served.close())
    return served.url
  }

  async function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest(url, { headers, method, agent: false }, resolve).on('error', reject).end()
    })
    return { status: response.statusCode, type: response.headers['content-type'], body: await text(response) }
  }

  it('are complete, and promtool finds nothing wrong', async () => {
    const url = await serve(serviceOf(await world.node()))
    await ask(url)
    const { status, type, body } = await ask(url)
    expect(status).to.equal(200)
    expect(type).to.equal('text/plain; version=0.0.4; charset=utf-8')
    const told = body.match(/^# TYPE (\w+) /gm)?.map(line => line.split(' ')[2] as string)
    expect(Object.keys(METRICS)).to.include.members(told ?? [])
    expect(Object.keys(METRICS).filter(name => told?.includes(name) !== true && !MAY_LACK.test(name))).to.deep.equal([])
    expect(body).to.include(`dragonfly_build_info{version="${VERSION}",role="seed"} 1`)
    expect(body).to.match(/^process_resident_memory_bytes [1-9]\d+$/m)
    expect(body).to.match(/^process_cpu_seconds_total [\d.]+$/m)
    if (hasPrometheus('promtool')) expect(promtool(['check', 'metrics'], body)).to.equal('')
  })

  it('are OpenMetrics for who prefers that', async () => {
    const url = await serve(serviceOf(await world.node()))
    const { type, body } = await ask(url, { accept: OPEN_METRICS })
    expect(type).to.equal('application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(body).to.match(/# EOF\n$/)
    expect(body).to.include('# TYPE dragonfly_sent_bytes counter\ndragonfly_sent_bytes_total 0\n')
    for (const [accept, open] of [
      ['', false],
      ['*/*', false],
      ['text/plain', false],
      ['application/openmetrics-text', true],
      ['application/openmetrics-text;version=0.0.1', false],
      ['application/openmetrics-text; version=1.0.0; q=0.2, text/plain; q=0.9', false],
      ['application/openmetrics-text;q=0, text/plain;q=0', false],
      ['application/openmetrics-text;q=nonsense', false],
      [OPEN_METRICS, true],
    ] as const)
      expect(wantsOpenMetrics(accept), accept).to.equal(open)
  })

  it('are at /metrics for GET and HEAD, and for no page of another name', async () => {
    const url = await serve(serviceOf(await world.node()))
    expect((await ask(`${url}?x=1`)).status).to.equal(200)
    expect(await ask(url, {}, 'HEAD')).to.include({ status: 200, body: '' })
    expect((await ask(url, {}, 'POST')).status).to.equal(405)
    expect((await ask(new URL('/', url).href)).status).to.equal(404)
    expect((await ask(url, { host: 'rebound.example' })).status).to.equal(421)
    expect((await ask(url, { host: `localhost:${new URL(url).port}` })).status).to.equal(200)
  })

  it('fail with one line once the node has ended, and the port is free after closing', async () => {
    const service = serviceOf(await world.node())
    const served = await serveMetrics({ metrics: () => Promise.reject(new Error('ended')) }, { host: '127.0.0.1', port: 0 })
    expect(await ask(served.url)).to.include({ status: 500, body: 'no metrics: the node is ending\n' })
    const port = Number(new URL(served.url).port)
    const second = await serveMetrics(service, { host: '127.0.0.1', port }).catch(error => error)
    expect(second).to.include({ code: 'listen-failed' })
    await served.close()
    const third = await serveMetrics(service, { host: '127.0.0.1', port })
    expect((await ask(third.url)).status).to.equal(200)
    await third.close()
  })

  it('have no label that somebody else chooses, whatever peers, origins and programs send', async () => {
    const seed = await world.seed()
    const service = serviceOf(seed)
    const gateway = await serveGateway(service, {
      host: '127.0.0.1',
      port: 0,
      mirror: { registry: new URL(origin.url).host, anyRegistry: false },
    })
    world.atEnd(() => gateway.close())
    const marks = ['evil-engine', 'secretpath', 'private-tag', 'bad.example', 'leak"}\\n', seed.id]

    // peers: one that downloads, and asks for what is refused
    const url = `${origin.url}/secretpath?private-tag=1`
    const peer = await world.node({ seeds: [seed.address] })
    await peer.node.download(url, world.path(), { origin: false, tag: 'private-tag' })
    marks.push(peer.id)
    await peer.node.download('http://10.9.8.7/secretpath', world.path(), { origin: false }).catch(() => {})
    // programs: engines that call themselves anything, for any path
    for (const agent of ['evil-engine/1', 'containerd/1.6', '__proto__', 'constructor', 'x'.repeat(5000), 'leak"} 1']) {
      for (const path of ['/v2/', '/secretpath', `/v2/bad.example/manifests/${'y'.repeat(200)}`]) {
        await ask(gateway.url + path, { 'user-agent': agent })
      }
    }
    await new Promise<void>(resolve => {
      get(
        {
          port: new URL(gateway.url).port,
          path: 'http://127.0.0.1:1/secretpath',
          headers: { 'user-agent': 'apt' },
          agent: false,
        },
        r => {
          r.resume().on('end', resolve)
        },
      )
    })

    const counted = async () => {
      const requests = (await service.metrics()).find(({ name }) => name === 'dragonfly_gateway_requests_total')?.samples ?? []
      return requests.reduce((sum, { value }) => sum + value, 0)
    }
    let requests = 0
    await until(() => {
      void counted().then(count => (requests = count))
      return requests === 19
    }, 'every request is counted')
    for (const { name, samples } of await service.metrics()) {
      const allowed: Readonly<Record<string, readonly string[]>> = METRICS[name].labels
      for (const { labels } of samples) {
        expect(Object.keys(labels), name).to.deep.equal(Object.keys(allowed))
        for (const [label, value] of Object.entries(labels)) {
          if (label === 'version') expect(value).to.equal(VERSION)
          else expect(allowed[label], `${name} ${label}`).to.include(value)
        }
      }
    }
    const { body } = await ask(await serve(service))
    for (const mark of [...marks, new URL(origin.url).host]) expect(body).to.not.include(mark)
    expect(body).to.match(/^dragonfly_gateway_requests_total\{engine="containerd",outcome="\w+"\} [1-9]/m)
    expect(body).to.match(/^dragonfly_gateway_requests_total\{engine="other",outcome="\w+"\} [1-9]/m)
    expect(body).to.include('dragonfly_gateway_requests_running 0\n')
  })

  it('tell engines apart by what they call themselves', () => {
    for (const [agent, engine] of [
      ['containerd/v1.6.20', 'containerd'],
      ['docker/24.0.5 go/go1.20 UpstreamClient(Docker-Client)', 'docker'],
      ['libpod/4.3.1', 'podman'],
      ['Buildah/1.28', 'buildah'],
      ['cri-o/1.26', 'cri-o'],
      ['Debian APT-HTTP/1.3 (2.6.1)', 'apt'],
      ['pip/23.0.1 {"ci":null}', 'pip'],
      ['npm/10.2 node/v20', 'npm'],
      ['git-lfs/3.3.0 (GitHub; linux amd64; go 1.19.8)', 'git-lfs'],
      ['unknown/None; hf_hub/0.30.2; python/3.12', 'huggingface'],
      ['Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1', 'boto3'],
      ['aws-cli/2.27.1 md/awscrt#0.25.4', 'aws-cli'],
      ['rclone/v1.60.1', 'rclone'],
      ['Go-http-client/1.1', 'go'],
      ['Wget/1.21', 'wget'],
      ['toString', 'other'],
      ['', 'other'],
    ] as const)
      expect(engineOf({ 'user-agent': agent }), agent).to.equal(engine)
    expect(engineOf({})).to.equal('other')
  })
})
