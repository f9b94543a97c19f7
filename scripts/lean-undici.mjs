// Of undici what we use, for the program's files: its own entry evaluates fetch, WebSocket, caches and mocks, 20 ms of CPU at each start.
import api from 'undici/lib/api/index.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'

export { default as buildConnector } from 'undici/lib/core/connect.js'
export { default as errors } from 'undici/lib/core/errors.js'
export { default as Agent } from 'undici/lib/dispatcher/agent.js'
export { default as Client } from 'undici/lib/dispatcher/client.js'

Object.assign(Dispatcher.prototype, api)
