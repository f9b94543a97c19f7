// Whether a gateway at this address may give out what the store shows to it.
import { DragonflyError } from '../../core/errors.ts'
import type { S3Rights, S3Store } from '../../origin/sources/s3-store.ts'
import { isLoopback } from '../registry/settings.ts'

export interface Listening {
  host: string
  port: number
}

/**
 * Nobody can check a client's signature without the client's secret: whoever reaches the gateway may read what its credentials may. Rejects with
 * `bad-option`.
 */
export async function checkS3(store: S3Store, rights: S3Rights, { host, port }: Listening): Promise<void> {
  if (rights === 'host' && !isLoopback(host)) {
    throw new DragonflyError(
      'bad-option',
      `--gateway-s3 host: every host that reaches ${host} would read with the AWS credentials of this one`,
      {
        hint: 'write --gateway 127.0.0.1:PORT, or --gateway-s3 anonymous',
      },
    )
  }
  const endpoint = await store.endpoint()
  const isOwn =
    endpoint !== undefined && Number(endpoint.port) === port && (isLoopback(endpoint.hostname) || endpoint.hostname === host)
  if (!isOwn) return
  throw new DragonflyError('bad-option', '--gateway-s3: the S3 endpoint of this process is its own gateway', {
    hint: 'unset AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL for the daemon, or set them to the store',
  })
}
