// Keeps web pages from what programs of this host may read: a page makes its reader's browser ask, and may point a name of its own here.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isLocalName } from './own-address.ts'

/**
 * For browsers that say nothing of the page that asks: they show and run what they got only where it was asked for by its own address, and there
 * as a document without rights.
 */
const FOR_BROWSERS = {
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "sandbox; default-src 'none'",
  'x-content-type-options': 'nosniff',
}

/** `not-local`: by a name that somebody else may have made. `isLocal`: whether the gateway is for programs of this host alone. */
export type Stranger = 'not-local' | 'web-page'

export function strangerIn({ headers }: Pick<IncomingMessage, 'headers'>, isLocal: boolean): Stranger | undefined {
  if (isLocal && !isLocalName(headers.host)) return 'not-local'
  const isOfOtherSite = /^(?:cross|same)-site$/.test(String(headers['sec-fetch-site'] ?? ''))
  const isOfOtherOrigin = headers.origin !== undefined && headers.origin !== `http://${headers.host}`
  return isOfOtherSite || isOfOtherOrigin ? 'web-page' : undefined
}

/** To be called before the head of an answer is written. */
export function keepFromWebPages(response: ServerResponse): void {
  for (const [name, value] of Object.entries(FOR_BROWSERS)) response.setHeader(name, value)
}
