// Keys as every program for AWS finds them: environment, profile files, roles of containers and hosts.
import { defaultProvider } from '@aws-sdk/credential-provider-node'
import { DragonflyError } from '../../core/errors.ts'

/** How long before their end credentials are asked for anew. Milliseconds. */
const EARLY_MS = 300_000

/** Keys as of now; those of a role are renewed in time. */
export interface Credentials {
  /** Never leaves the process. */
  now(): Keys
  /** Where they are from, for messages. */
  from: string
}

export interface Keys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
  expiration?: Date | undefined
}

/** Undefined: there are none. Rejects with `origin-forbidden` when a source of them was named and fails. */
export async function findCredentials(): Promise<Credentials | undefined> {
  const provide = defaultProvider()
  let keys: Keys & { $source?: object }
  try {
    keys = await provide()
  } catch (error) {
    // nobody has any, and nothing says that somebody should
    const { name, message } = error as Error
    if (name === 'CredentialsProviderError' && message.includes('from any providers') && !process.env.AWS_PROFILE)
      return undefined
    throw new DragonflyError('origin-forbidden', 'the AWS credentials of this host cannot be read', {
      cause: error,
      hint: 'aws sts get-caller-identity says why',
    })
  }
  const from = originOf(keys)
  let isAsking = false
  const renew = async () => {
    try {
      keys = await provide()
    } catch {
      // the old ones are good for some minutes, and the next request asks again
    } finally {
      isAsking = false
    }
  }
  const now = () => {
    if (!isAsking && keys.expiration !== undefined && keys.expiration.getTime() - Date.now() < EARLY_MS) {
      isAsking = true
      void renew()
    }
    return keys
  }
  return { now, from }
}

/** The key's id is no secret; its end tells keys apart. */
function originOf({ $source = {}, accessKeyId }: Keys & { $source?: object }): string {
  const kinds = Object.keys($source).join()
  const id = `key …${accessKeyId.slice(-4)}`
  if (kinds.includes('ENV_VARS') && !kinds.includes('STS')) return `AWS_ACCESS_KEY_ID, ${id}`
  if (kinds.includes('HTTP')) return `the role of this container, ${id}`
  if (kinds.includes('IMDS')) return `the role of this host, ${id}`
  return `profile ${process.env.AWS_PROFILE || 'default'}, ${id}`
}
