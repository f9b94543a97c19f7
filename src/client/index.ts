// Front door of the client: a running daemon as a node. It loads nothing of libp2p, so that a program starts at once.
export { controlPath } from '../core/control-path.ts'
export { DaemonClient, type Hello } from './daemon-client.ts'
export { findDaemon, openDaemon } from './open-daemon.ts'
