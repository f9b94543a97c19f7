// Where an object of S3 is: endpoint, region, and the bucket in the host's name or in the path.
import { DragonflyError } from '../../core/errors.ts'
import { encodePart, encodePath } from './source.ts'

export interface S3Object {
  bucket: string
  /** As it is, not as URLs write it. */
  key: string
  versionId: string | undefined
}

export interface S3Place {
  /** URL without a slash at its end; undefined: Amazon's, by its region. */
  endpoint: string | undefined
  region: string
}

/** As other programs for S3 read it: the key is what follows, character by character. Throws `bad-url`. */
export function parseS3Url(url: string): S3Object {
  const [, bucket = '', key = '', versionId] =
    /^s3:\/\/([a-z0-9][\w.-]{1,254})\/(.+?)(?:\?versionId=([^&#?]+))?$/is.exec(url) ?? []
  if (key === '' || key.endsWith('/')) {
    throw new DragonflyError('bad-url', 'not the URL of one object of S3', {
      hint: 'write s3://BUCKET/KEY or s3://BUCKET/KEY?versionId=ID',
    })
  }
  return { bucket, key, versionId }
}

/** A bucket, or what is below a prefix in it: that is empty, or ends with a slash. Throws `bad-url`. */
export function parseS3Folder(url: string): { bucket: string; prefix: string } {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([a-z0-9][\w.-]{1,254})(?:\/(.*))?$/is.exec(url) ?? []
  if (bucket === '') throw new DragonflyError('bad-url', 'not the URL of a bucket of S3', { hint: 'write s3://BUCKET/PREFIX/' })
  return { bucket, prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/` }
}

export function isS3Folder(url: string): boolean {
  return /^s3:\/\/[a-z0-9][\w.-]{1,254}(?:\/(?:.*\/)?)?$/is.test(url)
}

/** Its URL. */
export function hostOf(place: S3Place, { bucket, key, versionId }: S3Object): string {
  const query = versionId === undefined ? '' : `?versionId=${encodePart(versionId)}`
  return `${bucketUrl(place, bucket)}/${encodePath(key)}${query}`
}

/** Amazon wants the bucket in the host's name; no certificate is for one with dots there, and few other stores are. No slash at its end. */
export function bucketUrl({ endpoint, region }: S3Place, bucket: string): string {
  const amazon = `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
  if (endpoint !== undefined) return `${endpoint}/${bucket}`
  const isHostName = /^[a-z0-9-]+$/.test(bucket)
  return `https://${isHostName ? `${bucket}.${amazon}` : `${amazon}/${bucket}`}`
}
