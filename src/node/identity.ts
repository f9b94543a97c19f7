// Loads or creates the key of a host's peer id.
import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PrivateKey } from '@libp2p/interface'
import { DragonflyError, fromSystemError } from '../core/errors.ts'
import { makePath } from '../store/make-path.ts'
import { ignoreNoModes } from '../store/output.ts'

/** In the home folder. */
export const IDENTITY_FILE = 'identity.key'

/** Loads the key of this host's peer id, or makes it at the first call. The file is its owner's alone. */
export async function loadIdentity(home: string): Promise<PrivateKey> {
  const { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } = await import('@libp2p/crypto/keys')
  const file = join(home, IDENTITY_FILE)
  try {
    const bytes = await readFile(file)
    return privateKeyFromProtobuf(bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new DragonflyError('store-error', `cannot read the identity in ${file}`, {
        hint: 'move the file away to get a new peer id',
        cause: error,
      })
    }
  }
  try {
    const key = await generateKeyPair('Ed25519')
    await makePath(home, 0o700)
    const temporary = `${file}.${process.pid}`
    await writeFile(temporary, privateKeyToProtobuf(key), { mode: 0o600, flag: 'wx' })
    await rename(temporary, file)
    await chmod(file, 0o600).catch(ignoreNoModes)
    return key
  } catch (error) {
    throw fromSystemError(error, 'store-error', `cannot write the identity in ${home}`)
  }
}
