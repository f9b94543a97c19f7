// The public API of the library.
export { controlPath } from './core/control-path.ts'
export { parseDigest } from './core/digest.ts'
export { ERROR_CODES, type ErrorCode } from './core/error-codes.ts'
export { DragonflyError, type ErrorDetails } from './core/errors.ts'
export type { AccessTimes } from './core/grant.ts'
export { type HeaderList, parseHeader } from './core/headers.ts'
export type { HostStatus, SlowCause, SlowDownload } from './core/host-status.ts'
export { isNamedShare, isShareName, type NamedShare, namedShareUrl, parseNamedShare } from './core/named-share.ts'
export { type ByteRange, parseRange, type RangeSpec } from './core/range.ts'
export { parseRateLimit } from './core/rate-limit.ts'
export { rawCid } from './core/root.ts'
export { parseSharedUrl, type SharedUrl, sharedUrl } from './core/shared-url.ts'
export { withoutSecrets } from './core/task.ts'
export {
  decodeTree,
  MAX_TREE_BYTES,
  staysInside,
  type Tree,
  type TreeFile,
  type TreeLink,
  type TreePack,
  type TreePlace,
} from './core/tree.ts'
export type { Trust } from './core/trust.ts'
export {
  decodeUrlTree,
  type PackedFile,
  type UrlTree,
  type UrlTreeFile,
  unpack,
} from './core/url-tree.ts'
export { EventFeed } from './daemon/event-feed.ts'
export { Service, type ServiceSetup, type Ties } from './daemon/service.ts'
export { type MetricsServer, type MetricsServerOptions, serveMetrics } from './gateway/api/metrics-server.ts'
export { type Control, type ControlOptions, serveControl } from './gateway/api/socket.ts'
export { type Gateway, type GatewayOptions, serveGateway } from './gateway/gateway.ts'
export { type GatewayAuthority, gatewayAuthority } from './gateway/gateway-authority.ts'
export {
  type ImageBlob,
  type ImageLister,
  type ImageListerOptions,
  openImageLister,
  type ResolvedImage,
  type ResolveOptions,
} from './gateway/image-lister.ts'
export { type LfsAction, LfsApi, type LfsLogins, type LfsObject } from './gateway/lfs-api.ts'
export type { MirrorSettings, RegistrySettings } from './gateway/registry/settings.ts'
export { serveWeb, type Web, type WebOptions } from './gateway/web.ts'
export { type OpenAdministration, openAdministration } from './node/admin/store-folder.ts'
export type { ContentHead, HeadOptions, StreamHead } from './node/api/content-head.ts'
export type { ContentStream, DragonflyNode } from './node/api/dragonfly-node.ts'
export {
  type Cause,
  causeOf,
  EVENTS,
  type EventCode,
  type EventFacts,
  type EventLevel,
  eventOf,
  type NodeEvent,
} from './node/api/events.ts'
export type { Explanation, Giver, Losses, Moments, Requests } from './node/api/explanation.ts'
export type { FleetDownload, FleetReport, MemberReport, SilenceReason } from './node/api/fleet-report.ts'
export type { FindTreeOptions, FoundTree } from './node/api/found-tree.ts'
export type { GetOptions, Progress } from './node/api/get-options.ts'
export type { DownloadPriority, Limit, Limits, LimitsNow } from './node/api/limits.ts'
export type {
  DaemonLive,
  LiveContentStatus,
  LiveHost,
  LiveLink,
  LiveRates,
  LiveState,
  LiveStatus,
  LiveTrouble,
} from './node/api/live.ts'
export { METRICS, type Metric, type MetricName, type MetricSample } from './node/api/metrics.ts'
export type { NodeOptions } from './node/api/node-options.ts'
export type { Preheated, PreheatOptions, PreheatProgress } from './node/api/preheat-options.ts'
export type { Receipt } from './node/api/receipt.ts'
export type { RegistryRead } from './node/api/registry-read.ts'
export type { ActiveShare, SharedContent, ShareOptions } from './node/api/shared-content.ts'
export type {
  BanStatus,
  ContentStatus,
  ContradictionStatus,
  DaemonStatus,
  DiskStatus,
  IsolationStatus,
  Removed,
  SeedStatus,
  SnubStatus,
} from './node/api/status.ts'
export type { StoreAdmin } from './node/api/store-admin.ts'
export type { StoredContent } from './node/api/stored-content.ts'
export type { VerifiedContent, VerifiedState, VerifyLine, VerifyProgress, VerifySummary } from './node/api/verification.ts'
export { createNode } from './node/node.ts'
export { classOf } from './origin/address-class.ts'
export {
  INDEX_PAGE_MS,
  MAX_INDEX_PAGE,
  type ReadPage,
  type WalkLimits,
  type WalkStep,
  walkIndex,
} from './origin/listing/index-walk.ts'
export { checkProxy } from './origin/proxy.ts'
export type { HubFile } from './origin/sources/hub.ts'
export { findHubFile, indexOfSource, isSourceFolder, listSource, resolveSource } from './origin/sources/resolve-source.ts'
export type { Checksum, ListedFile, SourceReach, SourceRequest } from './origin/sources/source.ts'
export { dragonflyHome, homeIfAny } from './store/home.ts'
