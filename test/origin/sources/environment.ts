// The variables of the sources, set for one test: nothing of the host's own counts.
const NAMES =
  /^(?:AWS_|HF_|HUGGING_FACE_|GOOGLE_|GCE_|METADATA_|STORAGE_|CLOUDSDK_|AZURE_|MODELSCOPE_|IPFS_|XDG_CACHE_HOME$|REGISTRY_AUTH_FILE$|DOCKER_CONFIG$)/

/** Calls `work` with these variables and no others of their kind. */
export async function withVariables<T>(variables: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env }
  clear()
  Object.assign(process.env, NOWHERE, variables)
  try {
    return await work()
  } finally {
    clear()
    Object.assign(process.env, before)
  }
}

/** No files, and no service of a cloud. */
export const NOWHERE: Readonly<Record<string, string>> = {
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nonexistent/config',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
  HF_HOME: '/nonexistent/huggingface',
  REGISTRY_AUTH_FILE: '/nonexistent/auth.json',
  CLOUDSDK_CONFIG: '/nonexistent/gcloud',
  METADATA_SERVER_DETECTION: 'none',
}

function clear(): void {
  for (const name of Object.keys(process.env)) if (NAMES.test(name)) delete process.env[name]
}
