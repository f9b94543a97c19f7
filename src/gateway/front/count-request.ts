// Counts the requests of the gateway by the program that asks and by what became of them.
import type { IncomingHttpHeaders } from 'node:http'
import type { Service } from '../../daemon/service.ts'
import { ENGINES } from '../../node/api/metrics.ts'
import type { Guest } from './guest.ts'

export type Engine = (typeof ENGINES)[number]

/** First product of a User-Agent, in lower case → program, where it has another name. */
const OTHER_NAMES: Readonly<Record<string, Engine>> = {
  dockerd: 'docker',
  libpod: 'podman',
  debian: 'apt',
  'apache-maven': 'maven',
  'go-http-client': 'go',
  hf_hub: 'huggingface',
  botocore: 'boto3',
  aiobotocore: 'boto3',
}

const KNOWN = new Map<string, Engine>([...ENGINES.map(name => [name, name] as const), ...Object.entries(OTHER_NAMES)])

/** One of the table, whatever the header says: it is a label of a metric. */
export function engineOf({ 'user-agent': agent = '' }: IncomingHttpHeaders): Engine {
  // huggingface_hub calls itself "unknown/None; hf_hub/0.30.2; python/3.12"
  if (/\bhf_hub\//.test(agent)) return 'huggingface'
  return KNOWN.get(/^[\w.-]{1,32}/.exec(agent)?.[0].toLowerCase() ?? '') ?? 'other'
}

/** Counted when its answer has ended. */
export function countRequest(counters: Service['counters'], { request, response }: Pick<Guest, 'request' | 'response'>): void {
  const engine = engineOf(request.headers)
  counters.count('dragonfly_gateway_requests_running')
  response.once('close', () => {
    counters.count('dragonfly_gateway_requests_running', -1)
    counters.countAt('dragonfly_gateway_requests_total', { engine, outcome: outcomeOf(response) })
  })
}

function outcomeOf({ writableFinished, statusCode }: Guest['response']): 'ok' | 'refused' | 'failed' | 'aborted' {
  if (!writableFinished) return 'aborted'
  if (statusCode < 400) return 'ok'
  return statusCode < 500 ? 'refused' : 'failed'
}
