// The public API of the library.
export { controlPath } from './core/control-path.ts'
export { parseDigest } from './core/digest.ts'
export { ERROR_CODES, type ErrorCode } from './core/error-codes.ts'
export { DragonflyError, type ErrorDetails } from './core/errors.ts'
export type { AccessTimes } from './core/grant.ts'
export { type HeaderList, parseHeader } from './core/headers.ts'
export { type ByteRange, parseRange, type RangeSpec } from './core/range.ts'
export { parseRateLimit } from './core/rate-limit.ts'
export { withoutSecrets } from './core/task.ts'
export type { Trust } from './core/trust.ts'
export { EventFeed } from './daemon/event-feed.ts'
export { Service, type ServiceSetup, type Ties } from './daemon/service.ts'
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
export type { MirrorSettings, RegistrySettings } from './gateway/registry/settings.ts'
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
export type { GetOptions, Progress } from './node/api/get-options.ts'
export type { DownloadPriority, Limit, Limits, LimitsNow } from './node/api/limits.ts'
export { METRICS, type Metric, type MetricName, type MetricSample } from './node/api/metrics.ts'
export type { NodeOptions } from './node/api/node-options.ts'
export type { Preheated, PreheatOptions, PreheatProgress } from './node/api/preheat-options.ts'
export type { Receipt } from './node/api/receipt.ts'
export type {
  BanStatus,
  ContentStatus,
  ContradictionStatus,
  DaemonStatus,
  DiskStatus,
  IsolationStatus,
  Removed,
  SeedStatus,
} from './node/api/status.ts'
export type { StoreAdmin } from './node/api/store-admin.ts'
export type { StoredContent } from './node/api/stored-content.ts'
export type { VerifiedContent, VerifiedState, VerifyLine, VerifyProgress, VerifySummary } from './node/api/verification.ts'
export { createNode } from './node/node.ts'
export { checkProxy } from './origin/proxy.ts'
export { dragonflyHome, homeIfAny } from './store/home.ts'
