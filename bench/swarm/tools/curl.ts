// curl: every peer fetches the file from the origin.
import path from 'node:path'
import type { Ground, Swarm, Tool } from './tool.ts'

/** A shell that waits for the go. It outlives its curl, so that what that used can be read. */
const SCRIPT = `echo '{"type":"ready"}'; read go
curl -sSf -o "$2" "$1" && echo '{"type":"done"}' || echo '{"type":"error","message":"failed"}'
read end`

export const curl: Tool = {
  name: 'curl',
  needs: [{ program: 'curl', install: 'curl' }],
  async start({ origin, file, dir }: Ground): Promise<Swarm> {
    const url = `${origin.url}/${path.basename(file)}`
    const output = (index: number) => path.join(dir, `out-${index}`)
    return {
      seed: undefined,
      output,
      peer: index => ({ command: 'sh', args: ['-c', SCRIPT, 'sh', url, output(index)] }),
    }
  },
}
