// Front door of the client: a running daemon as a node. It loads nothing of libp2p, so that a program starts at once.
export { controlPath } from '../core/control-path.ts'
export { parseDigest } from '../core/digest.ts'
export { DragonflyError } from '../core/errors.ts'
export { parseHeader } from '../core/headers.ts'
export { parseRange } from '../core/range.ts'
export { dragonflyHome, homeIfAny } from '../store/home.ts'
export { DaemonClient, type Hello } from './daemon-client.ts'
export { findDaemon, HOST_SOCKET, openDaemon } from './open-daemon.ts'
