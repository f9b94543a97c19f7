// A hub of one repository for the bench, after the public API of huggingface.co: facts and redirects; the bytes are given by nginx beside it.
// Started with one argument, JSON of `HubOrder`; says {"type":"ready"} when it listens.
import http from 'node:http'

export interface HubOrder {
  ip: string
  port: number
  /** Of nginx: files lie there below `repos/`, by their digest. */
  cdn: string
  repo: string
  /** Newest last, which `main` is. */
  commits: { id: string; files: { path: string; size: number; sha256: string }[] }[]
}

const order = JSON.parse(process.argv[2] ?? '') as HubOrder
const newest = order.commits.at(-1)

const server = http.createServer((request, response) => {
  const url = new URL(request.url ?? '/', `http://${order.ip}`)
  const path = decodeURIComponent(url.pathname)
  const commitOf = (revision: string) => order.commits.find(({ id }) => id === revision) ?? newest
  const [, kind, revision = ''] = new RegExp(`^/api/models/${order.repo}/(revision|tree)/([^/]+)`).exec(path) ?? []
  if (kind !== undefined) {
    const commit = commitOf(revision)
    const files = commit?.files ?? []
    const entries = files.map(({ path, size, sha256 }) => {
      return { type: 'file', path, size, oid: commit?.id, lfs: { oid: sha256, size, pointerSize: 134 } }
    })
    const facts = { id: order.repo, sha: commit?.id, siblings: files.map(({ path }) => ({ rfilename: path })) }
    response.writeHead(200, { 'content-type': 'application/json' })
    return void response.end(JSON.stringify(kind === 'tree' ? entries : facts))
  }
  const [, wanted = '', name = ''] = new RegExp(`^/${order.repo}/resolve/([^/]+)/(.+)$`).exec(path) ?? []
  const commit = commitOf(wanted)
  const file = commit?.files.find(({ path }) => path === name)
  if (file === undefined) return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
  const linked = { 'x-linked-etag': `"${file.sha256}"`, 'x-linked-size': String(file.size), 'x-repo-commit': commit?.id }
  response.writeHead(302, { ...linked, location: `${order.cdn}/repos/${file.sha256}` }).end()
})
server.listen(order.port, order.ip, () => console.log(JSON.stringify({ type: 'ready' })))
process.stdin.resume().on('end', () => process.exit(0))
