// The front door of the library: what an embedding program may import.
export { parseDigest } from './core/digest.ts'
export { DragonflyError, type ErrorCode } from './core/errors.ts'
export { type HeaderList, parseHeader } from './core/headers.ts'
export { withoutSecrets } from './core/task.ts'
export { type Control, serveControl } from './gateway/control.ts'
export { controlPath } from './gateway/control-path.ts'
export type { Administration } from './node/admin/administration.ts'
export { type OpenAdministration, openAdministration } from './node/admin/store-folder.ts'
export type {
  ContentStream,
  DragonflyNode,
  Explanation,
  GetOptions,
  NodeEvent,
  NodeOptions,
  Progress,
  Receipt,
  Trust,
} from './node/api/options.ts'
export type { Preheated, PreheatOptions, PreheatProgress } from './node/api/preheat-options.ts'
export type { ContentStatus, DiskStatus, Removed, SeedStatus } from './node/api/status.ts'
export { dragonflyHome } from './node/home.ts'
export { createNode } from './node/node.ts'
