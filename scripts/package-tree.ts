// Lays the program out as packages install it: what was built, its launchers and the Node that it was tested with, below /usr/lib/dragonfly.
// node scripts/package-tree.ts FOLDER makes the tree of the container image.
import { chmod, copyFile, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { sbom } from './sbom.ts'

export const ROOT = fileURLToPath(new URL('../', import.meta.url))
/** Where packages have the program, below the root of the file system. */
export const HOME = 'usr/lib/dragonfly'
/** Where the launchers look for Node first. */
const NODE = `${HOME}/node_modules/node/bin/node`

export async function versionOf(): Promise<string> {
  return JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')).version
}

/** Makes `root`, which must be empty or absent, and the program in it. `dist/` has to be built. */
export async function layOut(root: string): Promise<void> {
  const at = (file: string): string => path.join(root, HOME, file)
  for (const folder of ['bin', 'dist']) await mkdir(at(folder), { recursive: true })
  for (const file of ['df', 'dragonfly', 'dfget', 'start.cjs']) {
    await copyFile(path.join(ROOT, 'bin', file), at(`bin/${file}`))
    await chmod(at(`bin/${file}`), file === 'start.cjs' ? 0o644 : 0o755)
  }
  await cp(path.join(ROOT, 'dist', 'cli'), at('dist/cli'), { recursive: true })
  await copyFile(path.join(ROOT, 'LICENSE'), at('LICENSE'))
  await writeFile(at('sbom.cdx.json'), `${JSON.stringify(await sbom())}\n`)
  await mkdir(path.dirname(path.join(root, NODE)), { recursive: true })
  await copyFile(process.execPath, path.join(root, NODE))
  await chmod(path.join(root, NODE), 0o755)
  const license = path.join(ROOT, 'node_modules', 'node', 'LICENSE')
  await copyFile(license, path.join(root, HOME, 'node_modules', 'node', 'LICENSE')).catch(ignore)
}

/** The tree of the image: it has no shell, so the launchers are a program of Node. */
async function image(root: string): Promise<void> {
  await layOut(root)
  await rm(path.join(root, HOME, 'bin', 'dfget'))
  for (const name of ['df', 'dragonfly']) await rm(path.join(root, HOME, 'bin', name))
  await mkdir(path.join(root, 'usr', 'bin'), { recursive: true })
  const launcher = path.join(root, 'usr', 'bin', 'dragonfly')
  await writeFile(launcher, await readFile(path.join(ROOT, 'packaging', 'docker', 'launcher.cjs')), { mode: 0o755 })
  await symlink('dragonfly', path.join(root, 'usr', 'bin', 'df'))
  await mkdir(path.join(root, 'var', 'lib', 'dragonfly'), { recursive: true })
}

/** Node's licence is not in every package of it. */
function ignore(): void {}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , root] = process.argv
  if (root === undefined) throw new Error('usage: node scripts/package-tree.ts FOLDER')
  await image(root)
}
