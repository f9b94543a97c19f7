// Credentials as every program for Google Cloud finds them: a key file, gcloud's own file, the metadata server.
import { GoogleAuth, JWT } from 'google-auth-library'
import { DragonflyError } from '../../core/errors.ts'
import type { HeaderList } from '../../core/headers.ts'
import type { ServiceKey } from './gs-signer.ts'

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_only'
/** Of its answer, whatever it asks. */
const TIMEOUT_MS = 30_000

export interface GoogleCredentials {
  /** Of a service account: it never leaves the process. */
  key: ServiceKey | undefined
  /** With a token that is good for up to an hour. Rejects with `origin-forbidden`. */
  headers(): Promise<HeaderList>
  /** Where they are from, for messages. */
  from: string
}

/** Undefined: there are none. Rejects with `origin-forbidden` when some were named and cannot be read. */
export async function findGoogleCredentials(): Promise<GoogleCredentials | undefined> {
  // without a project, gcloud would be run to find one, which is of no use here
  const auth = new GoogleAuth({
    scopes: SCOPE,
    projectId: 'unused',
    clientOptions: { transporterOptions: { timeout: TIMEOUT_MS } },
  })
  let client: Awaited<ReturnType<typeof auth.getClient>>
  try {
    client = await auth.getClient()
  } catch (error) {
    if (!process.env.GOOGLE_APPLICATION_CREDENTIALS && /Could not load the default credentials/.test((error as Error).message))
      return undefined
    throw unusable(error)
  }
  const key = client instanceof JWT && client.email && client.key ? { email: client.email, pem: client.key } : undefined
  // signed here: no token has to be fetched
  if (client instanceof JWT) client.useJWTAccessWithScope = true
  const headers = async (): Promise<HeaderList> => {
    const made = await client.getRequestHeaders().catch((error: unknown) => {
      throw unusable(error)
    })
    return [...made]
  }
  return { key, headers, from: key?.email ?? sourceOf() }
}

function sourceOf(): string {
  const { GOOGLE_APPLICATION_CREDENTIALS: file } = process.env
  return file ? `GOOGLE_APPLICATION_CREDENTIALS, ${file}` : 'the login of gcloud, or the account of this host'
}

function unusable(cause: unknown): DragonflyError {
  return new DragonflyError('origin-forbidden', 'the Google Cloud credentials of this host cannot be used', {
    cause,
    hint: 'check GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login',
  })
}
