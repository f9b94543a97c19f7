// hf://[datasets/|spaces/]ORG/REPO[@REVISION]/PATH: a file of a repository of Hugging Face, or of a hub that speaks as it does.
import { field } from '../fields.ts'
import { StoreClient } from './ask.ts'
import { endpointOf, fileUrl, isHubFolder, parseHubUrl, tokenOf, type Wanted } from './hub-address.ts'
import { askHub } from './hub-answer.ts'
import { listHub } from './hub-tree.ts'
import type { Source, SourceReach, SourceRequest } from './source.ts'

export const HUB: Source = { resolve, isFolder: isHubFolder, list: listHub }

/** A file of a repository, as the cache of huggingface_hub names it. */
export interface HubFile {
  request: SourceRequest
  /** `datasets/` and the like included. */
  repo: string
  /** As it was asked for: a branch, a tag or a commit. */
  revision: string
  commit: string
  /** Below the repository. */
  path: string
  /** The hub's ETag of it, without quotes: the sha2-256 of a file in large-file storage, else its id in Git. */
  etag: string
}

/** Undefined: the hub does not say which commit or state it is. Rejects as `resolve` of the source does. */
export async function findHubFile(url: string, reach: SourceReach): Promise<HubFile | undefined> {
  const { request, wanted, commit, etag } = await look(url, reach)
  const { kind, repo, revision, path } = wanted
  if (commit === undefined || etag === undefined) return undefined
  return { request, repo: `${kind}${repo}`, revision, commit, path, etag }
}

async function resolve(url: string, reach: SourceReach): Promise<SourceRequest> {
  return (await look(url, reach)).request
}

interface Looked {
  request: SourceRequest
  wanted: Wanted
  commit: string | undefined
  etag: string | undefined
}

async function look(url: string, reach: SourceReach): Promise<Looked> {
  const wanted = parseHubUrl(url)
  const endpoint = endpointOf(process.env)
  await using client = new StoreClient(reach)
  const place = { endpoint, token: await tokenOf(process.env) }
  const { commit, headers, used } = await askHub(client, fileUrl(endpoint, wanted), wanted, place)
  const linked = unquoted(field(headers, 'x-linked-etag'))
  const isCommit = commit !== undefined && /^[0-9a-f]{40,64}$/.test(commit)
  // sha2-256 of a file in its large-file storage
  const hasDigest = linked !== undefined && /^[0-9a-f]{64}$/.test(linked)
  const request = {
    // of one commit: what it names never changes, whoever asks for a branch gets the same
    url: fileUrl(endpoint, isCommit ? { ...wanted, revision: commit } : wanted),
    shown: url,
    ...(used.length > 0 && { headers: used }),
    ...(hasDigest && { digest: `sha256:${linked}` }),
  }
  return { request, wanted, commit: isCommit ? commit : undefined, etag: linked ?? unquoted(field(headers, 'etag')) }
}

function unquoted(etag: string | undefined): string | undefined {
  return etag?.replace(/^(?:W\/)?"|"$/g, '')
}
