// Where an object of Google Cloud Storage is: the XML API, with the bucket in the path.
import { DragonflyError } from '../../core/errors.ts'
import { encodePart, encodePath } from './source.ts'

export interface GsObject {
  bucket: string
  /** As it is, not as URLs write it. */
  name: string
  generation: string | undefined
}

const ENDPOINT = 'https://storage.googleapis.com'
const BUCKET = '[a-z0-9][\\w.-]{1,221}'

/** As gcloud reads it: the name is what follows the bucket, character by character; `#` and digits at its end are a generation. Throws `bad-url`. */
export function parseGsUrl(url: string): GsObject {
  const [, bucket = '', name = '', generation] = new RegExp(`^gs://(${BUCKET})/(.+?)(?:#(\\d{1,20}))?$`, 'is').exec(url) ?? []
  if (name === '' || name.endsWith('/')) {
    const hint = 'write gs://BUCKET/OBJECT or gs://BUCKET/OBJECT#GENERATION'
    throw new DragonflyError('bad-url', 'not the URL of one object of Google Cloud Storage', { hint })
  }
  return { bucket, name, generation }
}

/** The prefix is empty, or ends with a slash. Throws `bad-url`. */
export function parseGsFolder(url: string): { bucket: string; prefix: string } {
  const [, bucket = '', prefix = ''] = new RegExp(`^gs://(${BUCKET})(?:/(.*))?$`, 'is').exec(url) ?? []
  if (bucket === '') throw new DragonflyError('bad-url', 'not the URL of a bucket', { hint: 'write gs://BUCKET/PREFIX/' })
  return { bucket, prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/` }
}

export function isGsFolder(url: string): boolean {
  return new RegExp(`^gs://${BUCKET}(?:/(?:.*/)?)?$`, 'is').test(url)
}

/** Without a slash at its end. Throws `bad-option`. */
export function gsEndpoint(env: NodeJS.ProcessEnv): string {
  const { STORAGE_EMULATOR_HOST: named } = env
  if (!named) return ENDPOINT
  const url = (named.includes('://') ? named : `http://${named}`).replace(/\/+$/, '')
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url
  throw new DragonflyError('bad-option', 'STORAGE_EMULATOR_HOST is neither HOST:PORT nor an http(s) URL', {
    hint: 'unset it for Google Cloud Storage',
  })
}

export function gsUrl(endpoint: string, { bucket, name, generation }: GsObject): string {
  const query = generation === undefined ? '' : `?generation=${encodePart(generation)}`
  return `${endpoint}/${bucket}/${encodePath(name)}${query}`
}
