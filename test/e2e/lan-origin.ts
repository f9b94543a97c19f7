// An origin as a process of its own: serves the files of a folder, and writes a line for what it sent.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import http from 'node:http'
import { join } from 'node:path'

const folder = process.argv[2] as string
const server = http.createServer(async (request, response) => {
  const file = join(folder, new URL(request.url as string, 'http://origin').pathname)
  const found = await stat(file).catch(() => undefined)
  if (found?.isFile() !== true) return response.writeHead(404).end()
  const headers = { 'content-length': found.size, etag: `"${found.size}"` }
  if (request.headers['if-none-match'] === headers.etag) return response.writeHead(304, headers).end()
  response.writeHead(200, headers)
  if (request.method === 'HEAD') return response.end()
  let sent = 0
  const body = createReadStream(file)
  body.on('data', chunk => {
    sent += chunk.length
  })
  response.once('close', () => console.log(JSON.stringify({ type: 'sent', sent })))
  return body.pipe(response)
})
server.listen(8080, '0.0.0.0', () => console.log(JSON.stringify({ type: 'ready' })))
