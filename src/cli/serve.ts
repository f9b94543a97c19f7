// Runs a node for others, as a seed or as the daemon of a host, until a signal or a client ends it.
import path from 'node:path'
import type {
  Control,
  ControlOptions,
  DragonflyNode,
  Gateway,
  MetricsServer,
  NodeEvent,
  NodeOptions,
  Service,
  Web,
} from '../index.ts'
import { absoluteShare } from './absolute-share.ts'
import { readGatewayConfig, readSettings } from './config.ts'
import { UsageError } from './errors.ts'
import { OK } from './exit-codes.ts'
import { type GatewayFlags, mirrorSettingsOf, s3RightsOf } from './gateway-flags.ts'
import { Interrupt } from './interrupt.ts'
import { jsonLine } from './json-lines.ts'
import { type LimitFlags, limitsOfFlags } from './limit-flags.ts'
import { type LinkWorkerFlags, readLinkWorkers } from './link-worker-flags.ts'
import { eventFields, makeLog } from './log.ts'
import { isAtLeast, type LogFlags } from './log-levels.ts'
import type { MetricsFlags } from './metrics-flag.ts'
import { originLimitsOf } from './origin-limits.ts'
import { type ProxyFlags, proxySettingsOf } from './proxy-flags.ts'
import { routeOf } from './route.ts'
import { shareFolders, sharesText } from './shared-folders.ts'
import { tellFailure } from './tell-failure.ts'
import { isFree, USUAL_PORT, usualListen } from './usual-port.ts'
import { version } from './version.ts'
import { readWeb, type WebFlags } from './web-flags.ts'

/** Flags of whatever runs a node for others, as commander leaves them. */
export interface ServeFlags extends LogFlags, ProxyFlags, LimitFlags, GatewayFlags, MetricsFlags, WebFlags, LinkWorkerFlags {
  listen?: string[]
  announce?: string[]
  seed?: string[]
  bootstrap?: string[]
  fleet?: string
  trust?: string[]
  allowOrigin?: string[]
  store?: string
  /** DIR, or NAME=DIR. */
  share?: string[]
  originLimit?: number
  originConnections?: number
  /** Bytes, or a share. */
  quota?: number | { share: number }
  json?: true
}

/** What differs between a seed and a daemon. */
export interface Serving {
  role: 'seed' | 'daemon'
  /** Besides what the flags say. */
  options: NodeOptions
  /** Done before others are told that it is ready. */
  begin(node: DragonflyNode): Promise<void>
  /** What a person sees when it is ready. */
  readyText(addresses: readonly string[], control: Control | undefined): string
  /** Where the local API is served besides the owner's socket. */
  control?(): Promise<ControlOptions>
  /** Whether a node that cannot be controlled is of no use: it ends then. */
  needsControl: boolean
  /** Called with what ends the process in an orderly way, and what says how many downloads run; returns what stops it. */
  watch?(end: () => void, jobs: { readonly size: number; onChange: () => void }): () => void
}

/** Resolves to the exit code once it was told to stop, or could not start; whatever went wrong was told. */
export async function serve(flags: ServeFlags, serving: Serving, name: string): Promise<number> {
  using interrupt = new Interrupt()
  try {
    await run(flags, serving, name, interrupt)
    return OK
  } catch (error) {
    return tellFailure(error, flags, name)
  }
}

async function run(flags: ServeFlags, serving: Serving, name: string, interrupt: Interrupt): Promise<void> {
  const {
    causeOf,
    createNode,
    dragonflyHome,
    EventFeed,
    eventOf,
    Service: NodeService,
    serveControl,
    serveGateway,
    serveMetrics,
    serveWeb,
  } = await import('../index.ts')
  s3RightsOf(flags)
  if (flags.ipfs === true && flags.gateway === undefined) {
    throw new UsageError('--ipfs is a part of the gateway', 'name its place, too: --gateway 127.0.0.1:65001')
  }
  const feed = new EventFeed()
  feed.listen(await listener(flags, name))
  const home = dragonflyHome()
  const options = await serving.control?.()
  const { share: folders = [], ...settings } = await readSettings(namedBy(flags), process.env, home)
  const place = await readWeb(flags, process.env, home)
  const linkWorkers = await readLinkWorkers(flags, process.env, home)
  const isPlaced = flags.listen !== undefined || serving.options.listen !== undefined
  // others find a member by the address that it had yesterday, and by names that list hosts without ports
  const isUsual = settings.fleet !== undefined && !isPlaced && (await isFree(USUAL_PORT))
  const node = await createNode({
    ...settings,
    ...(isUsual && { listen: usualListen() }),
    ...(flags.store !== undefined && { store: path.resolve(flags.store) }),
    ...(flags.quota !== undefined && { quota: flags.quota }),
    ...(flags.listen !== undefined && { listen: flags.listen }),
    ...serving.options,
    linkWorkers,
    home,
    persistentIdentity: true,
    onEvent: feed.publish,
  })
  if (settings.fleet !== undefined && !isPlaced && !isUsual) feed.publish(eventOf({ code: 'fleet-port-taken', port: USUAL_PORT }))
  let control: Control | undefined
  let gateway: Gateway | undefined
  let metrics: MetricsServer | undefined
  let web: Web | undefined
  let service: Service | undefined
  let unwatch: (() => void) | undefined
  try {
    await serving.begin(node)
    const { seeds, bootstrap, trust } = settings
    const route = routeOf(settings, process.env)
    const end = () => interrupt.end()
    service = new NodeService({
      node,
      events: feed,
      ties: { seeds, bootstrap, trust, route },
      version: version(),
      role: serving.role,
      stop: end,
    })
    control = await serveControl(service, home, options).catch(error => {
      if (serving.needsControl) throw error
      feed.publish(eventOf({ code: 'control-unavailable', ...causeOf(error) }))
      return undefined
    })
    if (flags.gateway !== undefined) {
      const { proxy, noProxy, ca, allowOrigins } = settings
      const config = await readGatewayConfig(home)
      const forward = { ...config, home, allowOrigins }
      gateway = await serveGateway(service, {
        ...flags.gateway,
        proxy,
        noProxy,
        ca,
        forward,
        mirror: mirrorSettingsOf(config, home),
        hub: config.hub,
        s3: s3RightsOf(flags, config),
        ipfs: flags.ipfs === true,
      })
    }
    if (flags.metrics !== undefined) metrics = await serveMetrics(service, flags.metrics)
    if (place !== undefined) web = await serveWeb(service, { ...place, home })
    unwatch = serving.watch?.(end, service.jobs)
    const shares = await shareFolders(node, folders, { publish: feed.publish, signal: interrupt.signal })
    if (interrupt.signal.aborted) return
    const { peerId, addresses } = node
    const also = {
      ...(gateway !== undefined && { gateway: gateway.url }),
      ...(metrics !== undefined && { metrics: metrics.url }),
    }
    const page = web === undefined ? {} : { web: web.url }
    service.isReady({ ...also, ...page })
    const alsoText = Object.entries(also).map(([name, url]) => `${name} ${url}\n`)
    const text = () => serving.readyText(addresses, control) + alsoText.join('') + pageText(web) + sharesText(shares, folders)
    process.stdout.write(
      flags.json === true
        ? jsonLine('ready', { peerId, addresses, ...also, ...page, ...(folders.length > 0 && { shares }) })
        : text(),
    )
    await interrupt.wait()
  } finally {
    unwatch?.()
    service?.isEnding()
    await web?.close()
    await metrics?.close()
    await gateway?.close()
    await control?.close()
    await node.stop()
  }
}

/** Only a person at a terminal sees the token: a log would keep it. */
function pageText(web: Web | undefined): string {
  if (web === undefined) return ''
  return `web ${web.url}${process.stdout.isTTY ? `#token=${web.token}` : ''}\n`
}

function namedBy(flags: ServeFlags) {
  return {
    ...(flags.seed && { seeds: flags.seed }),
    ...(flags.bootstrap && { bootstrap: flags.bootstrap }),
    ...(flags.fleet !== undefined && { fleet: path.resolve(flags.fleet) }),
    ...(flags.trust && { trust: flags.trust }),
    ...(flags.share && { share: flags.share.map(text => absoluteShare(text, process.cwd())) }),
    ...originLimitsOf(flags),
    ...proxySettingsOf(flags),
    limits: limitsOfFlags(flags),
    ...(flags.announce && { announce: flags.announce }),
    ...(flags.allowOrigin && { allowOrigins: flags.allowOrigin }),
  }
}

/** NDJSON for who wants that, beside a log if one was asked for; else the log. */
async function listener(flags: ServeFlags, name: string): Promise<(event: NodeEvent) => void> {
  const json = flags.json === true
  const log = await makeLog({ name, flags, usual: json ? undefined : 'info' }, process.stderr)
  return event => {
    if (json && isAtLeast(event.level, 'info')) printJson(eventFields(event))
    log.write(event)
  }
}

function printJson(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
