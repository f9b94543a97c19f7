// What stands for credentials in the id of a task: slow to compute, so that an id is no oracle for a password.
import { scrypt, scryptSync } from 'node:crypto'
import { promisify } from 'node:util'
import * as dagCbor from '@ipld/dag-cbor'
import type { HeaderList } from './headers.ts'

/** scrypt cost (RFC 7914): about 30 ms and 16 MiB, so that a task id in the DHT is no quick oracle for a password. */
const SCRYPT = { N: 16384, r: 8, p: 1 }

export function scopeKey(origin: string, scope: HeaderList): Uint8Array {
  return Uint8Array.from(scryptSync(dagCbor.encode(scope), scopeSalt(origin), 32, SCRYPT))
}

/** The same, off the main thread. */
export async function slowScopeKey(origin: string, scope: HeaderList): Promise<Uint8Array> {
  return Uint8Array.from(await scryptAside(dagCbor.encode(scope), scopeSalt(origin), 32, SCRYPT))
}

const scryptAside = promisify<Uint8Array, string, number, typeof SCRYPT, Buffer>(scrypt)

function scopeSalt(origin: string): string {
  return `dragonfly/scope/1\0${origin}`
}
