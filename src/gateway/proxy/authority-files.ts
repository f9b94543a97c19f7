// Makes the gateway's certificate authority once, in the home folder.
import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fromSystemError } from '../../core/errors.ts'
import { authorityFiles, certificateIn, describeCertificate, generateAuthority } from './authority.ts'

/** The gateway's certificate authority, as `df gateway ca` shows it. */
export interface GatewayAuthority {
  /** Path of its certificate, PEM. */
  file: string
  /** The certificate, PEM. */
  certificate: string
  /** sha256 of the certificate, `AB:CD:…`. */
  fingerprint: string
  /** ISO 8601. */
  validTo: string
  /** Whether it was made by this call. */
  isNew: boolean
}

/** The authority of this home, made if there is none: the key is readable by its owner alone. Rejects with `output-unwritable`. */
export async function ensureAuthority(home: string): Promise<GatewayAuthority> {
  const files = authorityFiles(home)
  try {
    const isNew = (await readFile(files.secret, 'utf8').catch(ifAbsent)) === undefined && (await make(home, files.secret))
    // whoever else made one at the same time, it is the same one from now on
    const certificate = certificateIn(await readFile(files.secret, 'utf8'))
    await writeFile(files.certificate, certificate, { mode: 0o644 })
    return { file: files.certificate, certificate, ...describeCertificate(certificate), isNew }
  } catch (error) {
    throw fromSystemError(error, 'output-unwritable', `cannot make a certificate authority in ${home}`)
  }
}

/** Whether it is this one that is kept. */
async function make(home: string, file: string): Promise<boolean> {
  await mkdir(home, { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomUUID()}`
  try {
    await writeFile(draft, await generateAuthority(), { mode: 0o600, flag: 'wx' })
    await link(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

function ifAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
