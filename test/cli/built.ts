// The program as it is published, for tests that start what was built.
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { ROOT, run } from './processes.ts'

/**
 * Builds dist/ unless it is as new as the sources: `npm test` has built it, and other files run beside this one that start
 * what is in there.
 */
export async function buildOnce(): Promise<void> {
  const built = await stat(path.join(ROOT, 'dist', 'cli', 'main.cjs')).catch(() => undefined)
  const types = await stat(path.join(ROOT, 'dist', 'index.d.ts')).catch(() => undefined)
  const sources = await readdir(path.join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  const times = sources.filter(s => s.isFile()).map(async s => (await stat(path.join(s.parentPath, s.name))).mtimeMs)
  const newest = Math.max(...(await Promise.all(times)))
  if (built !== undefined && types !== undefined && Math.min(built.mtimeMs, types.mtimeMs) >= newest) return
  const { code, stderr } = await run(process.execPath, [path.join(ROOT, 'scripts', 'build.mjs')], { cwd: ROOT })
  if (code !== 0) throw new Error(`dist/ was not built: ${stderr}`)
}
