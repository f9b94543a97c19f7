// What the mirror itself refuses, in the form of the OCI distribution specification.
import type { Guest } from '../front/guest.ts'

const REFUSALS = {
  misdirected: [421, 'DENIED', 'the gateway is for this host: use http://127.0.0.1:PORT'],
  'not-a-registry-path': [404, 'NAME_INVALID', 'not a path of a registry'],
  'not-allowed': [403, 'DENIED', 'this gateway does not ask that registry: name it in config.json (gateway.registries)'],
  loop: [508, 'UNSUPPORTED', 'the registry of this request is the gateway itself: check its configuration'],
  unreachable: [502, 'UNKNOWN', 'the registry cannot be reached'],
  corrupt: [502, 'MANIFEST_INVALID', 'the registry gave a manifest that does not have its digest'],
} as const satisfies Record<string, readonly [status: number, code: string, message: string]>

export type Refusal = keyof typeof REFUSALS

export function refuse({ request, response }: Guest, why: Refusal): void {
  const [status, code, message] = REFUSALS[why]
  const body = JSON.stringify({ errors: [{ code, message }] })
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(request.method === 'HEAD' ? undefined : body)
}
