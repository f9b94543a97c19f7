// Endpoint and region as every program for AWS finds them: environment, then profile.
import { loadSharedConfigFiles } from '@smithy/core/config'
import { DragonflyError } from '../../core/errors.ts'
import type { S3Place } from './s3-address.ts'

/** What Amazon's programs take where nothing names another. */
const REGION = 'us-east-1'
/** Rejects with `bad-option`. */
export async function s3Settings(): Promise<S3Place> {
  const profile = await profileNow()
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION } = process.env
  const endpoint = (AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL || profile.endpoint_url)?.replace(/\/+$/, '')
  if (endpoint !== undefined && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    const hint = 'set AWS_ENDPOINT_URL_S3 to the URL of the store, or unset it for Amazon S3'
    throw new DragonflyError('bad-option', 'the endpoint of S3 is not an http(s) URL', { hint })
  }
  return { endpoint, region: AWS_REGION || AWS_DEFAULT_REGION || profile.region || REGION }
}

async function profileNow(): Promise<Record<string, string | undefined>> {
  const { configFile } = await loadSharedConfigFiles()
  return configFile[process.env.AWS_PROFILE || 'default'] ?? {}
}
