// Makes dragonfly_VERSION_ARCH.deb, with Node in it: Debian 12 has Node 18 and Debian 13 has Node 20, and the program needs 22.
// node scripts/deb.ts FOLDER [COMPRESSION]. `dist/` has to be built. It needs dpkg-deb.
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { HOME, layOut, ROOT, versionOf } from './package-tree.ts'

/** The bundled Node is a program for glibc. */
const DEPENDS = 'libc6 (>= 2.28), libstdc++6 (>= 10), libgcc-s1, ca-certificates, passwd'
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' }
const CONFFILES = ['/etc/default/dragonfly', '/etc/dragonfly/config.json']
/** Where shells look for completions of packages. */
const COMPLETIONS = {
  bash: 'usr/share/bash-completion/completions/dragonfly',
  zsh: 'usr/share/zsh/vendor-completions/_dragonfly',
  fish: 'usr/share/fish/vendor_completions.d/dragonfly.fish',
}

const [, , folder, compression = 'xz'] = process.argv
if (folder === undefined) throw new Error('usage: node scripts/deb.ts FOLDER [xz, gzip or none]')
const root = await mkdtemp(path.join(tmpdir(), 'dragonfly-deb-'))
try {
  await chmod(root, 0o755)
  await layOut(root)
  await addLaunchers()
  await addService()
  await addPages()
  console.log(await build(folder))
} finally {
  await rm(root, { recursive: true })
}

async function put(file: string, contents: string | Buffer, mode = 0o644): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true })
  await writeFile(path.join(root, file), contents)
  await chmod(path.join(root, file), mode)
}

/** `df` stays the system's: ours is in /usr/lib/dragonfly/bin, for whoever puts that first in PATH. */
async function addLaunchers(): Promise<void> {
  await mkdir(path.join(root, 'usr', 'bin'), { recursive: true })
  for (const name of ['dragonfly', 'dfget']) await symlink(`../lib/dragonfly/bin/${name}`, path.join(root, 'usr', 'bin', name))
}

async function addService(): Promise<void> {
  const read = async (file: string) => await readFile(path.join(ROOT, 'packaging', file), 'utf8')
  const service = (await read('systemd/dragonfly.service')).replace('/usr/local/bin/dragonfly', '/usr/bin/dragonfly')
  await put('usr/lib/systemd/system/dragonfly.service', service)
  await put('usr/lib/systemd/system/dragonfly.socket', await read('systemd/dragonfly.socket'))
  await put('etc/default/dragonfly', await read('debian/dragonfly.default'))
  await put('etc/dragonfly/config.json', await read('debian/config.json'))
  await put('usr/share/doc/dragonfly/copyright', await read('debian/copyright'))
}

/** Pages and completions, made by the program that they describe. df.1 is the system's. */
async function addPages(): Promise<void> {
  for (const page of await readdir(path.join(ROOT, 'man'))) {
    const name = page === 'df.1' ? 'dragonfly.1' : page
    await put(`usr/share/man/man1/${name}.gz`, gzipSync(await readFile(path.join(ROOT, 'man', page)), { level: 9 }))
  }
  await put('usr/share/doc/dragonfly/changelog.gz', gzipSync(await readFile(path.join(ROOT, 'CHANGELOG.md')), { level: 9 }))
  const program = path.join(root, HOME, 'bin', 'dragonfly')
  for (const [shell, file] of Object.entries(COMPLETIONS)) await put(file, execFileSync(program, ['completion', shell]))
}

async function build(to: string): Promise<string> {
  const architecture = ARCHITECTURES[process.arch]
  if (architecture === undefined) throw new Error(`no Debian architecture for ${process.arch}`)
  const version = await versionOf()
  const { description } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
  const kibibytes = execFileSync('du', ['-sk', root], { encoding: 'utf8' }).split('\t')[0]
  await put(
    'DEBIAN/control',
    `Package: dragonfly
Version: ${version}
Architecture: ${architecture}
Maintainer: dragonfly-p2p <dragonfly-p2p@users.noreply.github.com>
Installed-Size: ${kibibytes}
Depends: ${DEPENDS}
Section: net
Priority: optional
Homepage: https://www.npmjs.com/package/dragonfly-p2p
Description: downloads a file to one host or thousands at link speed
 ${description.replace('df get URL', 'dragonfly get URL')}
`,
  )
  await put('DEBIAN/conffiles', `${CONFFILES.join('\n')}\n`)
  for (const script of ['postinst', 'prerm', 'postrm']) {
    await put(`DEBIAN/${script}`, await readFile(path.join(ROOT, 'packaging', 'debian', script)), 0o755)
  }
  await mkdir(to, { recursive: true })
  const file = path.join(to, `dragonfly_${version}_${architecture}.deb`)
  execFileSync('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '--build', root, file])
  return file
}
