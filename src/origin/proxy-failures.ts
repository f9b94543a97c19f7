// What goes wrong at a proxy, told as the proxy's: never as an answer of the origin, never with a password.
import { STATUS_CODES } from 'node:http'
import { DragonflyError } from '../core/errors.ts'
import { HungUpError, requestFailure } from './failures.ts'
import { type AnswerHeaders, field } from './fields.ts'
import type { HttpProxy } from './proxy.ts'

/** No connection to the proxy, or no answer of it. */
export function proxyFailure(error: unknown, proxy: HttpProxy): DragonflyError {
  if (error instanceof DragonflyError) return error
  const { shown, url } = proxy
  const said = requestFailure(error, `${shown}/`)
  const details = { cause: error, retryable: said.retryable, hint: hintOf(proxy) }
  if (said.code === 'origin-unknown-host') {
    return new DragonflyError('origin-unreachable', `unknown host ${url.hostname} of the proxy ${shown}`, details)
  }
  if (said.code === 'origin-unreachable' && !(said instanceof HungUpError)) {
    const message = said.message.replace(` to ${url.host}`, ` to the proxy ${shown}`)
    return new DragonflyError('origin-unreachable', message, { ...details, hint: said.hint ?? details.hint })
  }
  return new DragonflyError('origin-unreachable', `the proxy ${shown} gave no valid answer`, details)
}

/** A status of the proxy itself. `to`: where it was asked to go, without secrets. */
export function proxyRefusal(proxy: HttpProxy, to: string, status: number, headers: AnswerHeaders): DragonflyError {
  const answer = `${status} ${STATUS_CODES[status] ?? ''}`.trim()
  const retryable = status === 408 || status === 429 || (status >= 500 && status !== 501)
  const verb = status < 500 || status === 501 ? 'refuses' : 'cannot reach'
  const hint = status === 407 || status === 401 ? credentialsHint(proxy, headers) : hintOf(proxy)
  return new DragonflyError('origin-unreachable', `the proxy ${proxy.shown} ${verb} ${to}: ${answer}`, { retryable, hint })
}

/** Whether an answer to a request in absolute form is the proxy's own: 407, or an error page that says so. */
export function isOfProxy(status: number, headers: AnswerHeaders): boolean {
  if (status === 407) return true
  if (status < 400) return false
  const proxyStatus = field(headers, 'proxy-status') ?? ''
  return (
    /\berror=/.test(proxyStatus) || headers['x-squid-error'] !== undefined || /^tinyproxy\b/.test(field(headers, 'server') ?? '')
  )
}

/** The same failure, said to have come through a proxy. */
export function through(error: DragonflyError, { shown }: HttpProxy): DragonflyError {
  if (error.message.includes(shown)) return error
  const { code, message, cause, retryable, retryAfter, hint, status } = error
  return new DragonflyError(code, `${message}, through the proxy ${shown}`, {
    cause,
    retryable,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(hint !== undefined && { hint }),
    ...(status !== undefined && { status }),
  })
}

function hintOf({ source }: HttpProxy): string {
  return source === 'proxy' ? 'check the proxy, or name the host in no_proxy' : `check ${source}, or name the host in no_proxy`
}

function credentialsHint({ url, source, authorization }: HttpProxy, headers: AnswerHeaders): string {
  const schemes = [headers['proxy-authenticate'] ?? []].flat().join(', ')
  const where = source === 'proxy' ? "the proxy's URL" : source
  if (schemes !== '' && !/\bbasic\b/i.test(schemes)) {
    const scheme = /^[\w-]{1,40}/.exec(schemes)?.[0] ?? 'something else'
    return `it asks for ${scheme}; df speaks Basic only: put a local proxy such as cntlm or px between`
  }
  if (authorization !== undefined) return `check user and password in ${where}`
  return `give user and password in ${where}: ${url.protocol}//USER:PASSWORD@${url.host}`
}
