// What a store of S3 says when it does not show an object, in words for people.
import { DragonflyError } from '../../core/errors.ts'
import { statusError } from '../failures.ts'
import { field } from '../fields.ts'
import type { StoreAnswer } from './ask.ts'
import type { Credentials } from './aws-credentials.ts'
import type { S3Object, S3Place } from './s3-address.ts'

/** S3 takes signatures of clocks that differ by 15 minutes; less may already be told by an expired one. Milliseconds. */
const SKEW_MS = 240_000

/** The first element of this name in the store's XML: plain text of bounded length. */
export function saidIn(text: string, name: string): string | undefined {
  const said = new RegExp(`<${name}>([^<]{1,200})</${name}>`).exec(text)?.[1]
  return said?.replace(/[^\x20-\x7e]/g, '?')
}

export function refusalOf(
  { status, headers, text }: StoreAnswer,
  { bucket, key }: S3Object,
  { place, credentials, isList = false }: { place: S3Place; credentials: Credentials | undefined; isList?: boolean },
): DragonflyError {
  const said = saidIn(text, 'Code')
  const host = place.endpoint === undefined ? `Amazon S3 (${place.region})` : new URL(place.endpoint).host
  const used = credentials === undefined ? 'no AWS credentials were found' : `credentials: ${credentials.from}`
  const make = (code: 'origin-not-found' | 'origin-forbidden', message: string, hint: string) =>
    new DragonflyError(code, message, { status, hint })
  if (said === 'NoSuchBucket') {
    return make('origin-not-found', `no bucket ${bucket} at ${host}`, 'check its name, and AWS_ENDPOINT_URL_S3')
  }
  if (said === 'NoSuchKey' || said === 'NoSuchVersion' || status === 404) {
    return make(
      'origin-not-found',
      `bucket ${bucket} has no ${said === 'NoSuchVersion' ? 'such version of ' : ''}${key}`,
      'check the key',
    )
  }
  const skew = skewOf(headers)
  const isTimed = said === 'RequestTimeTooSkewed' || /expired|not yet valid|not valid yet/i.test(saidIn(text, 'Message') ?? '')
  if (isTimed || (skew !== undefined && Math.abs(skew) > SKEW_MS && status === 403 && credentials !== undefined)) {
    const by = skew === undefined ? '' : ` by ${Math.round(Math.abs(skew) / 60_000)} minutes`
    return make(
      'origin-forbidden',
      `${host} refuses the signature: the clocks differ${by}`,
      `check the clock of this host, which says ${new Date().toISOString()}`,
    )
  }
  if (said === 'InvalidAccessKeyId' || said === 'SignatureDoesNotMatch' || said === 'InvalidToken' || said === 'ExpiredToken') {
    const hint = 'check key, secret, session token and AWS_ENDPOINT_URL_S3; aws sts get-caller-identity says who you are'
    return make('origin-forbidden', `${host} does not know these keys (${said}; ${used})`, hint)
  }
  if (status === 401 || status === 403) {
    const hint =
      credentials === undefined
        ? 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE'
        : `they need ${isList ? 's3:ListBucket and s3:GetObject' : 's3:GetObject'} for it`
    return make('origin-forbidden', `access denied to s3://${bucket}/${key} (${used})`, hint)
  }
  return statusError(status, headers, `s3://${bucket}/${key}`)
}

/** How far this clock is ahead. Milliseconds. */
function skewOf(headers: StoreAnswer['headers']): number | undefined {
  const theirs = Date.parse(field(headers, 'date') ?? '')
  return Number.isNaN(theirs) ? undefined : Date.now() - theirs
}
