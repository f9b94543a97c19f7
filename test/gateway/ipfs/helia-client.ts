// Clients of IPFS: Helia's own broker of trustless gateways and the exporter of UnixFS, and a reader of CAR files.
import { trustlessGatewayBlockBroker } from '@helia/trustless-gateway-client'
import { CarReader } from '@ipld/car'
import { defaultLogger } from '@libp2p/logger'
import { multiaddr } from '@multiformats/multiaddr'
import { MemoryBlockstore } from 'blockstore-core'
import { exporter, type ReadableStorage } from 'ipfs-unixfs-exporter'
import type { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'

/** Bytes of a file by its CID, from a gateway on loopback; every block checked by Helia. */
export async function fetchByHelia(gateway: string, cid: CID): Promise<Buffer> {
  const { port } = new URL(gateway)
  const provider = {
    id: 'test',
    multiaddrs: [multiaddr(`/ip4/127.0.0.1/tcp/${port}/http`)],
    protocols: ['transport-ipfs-gateway-http'],
  }
  const routing = {
    async *findProviders() {
      yield { ...provider, router: 'test', fallback: false }
    },
  }
  const how = { allowInsecure: true, allowLocal: true }
  const broker = trustlessGatewayBlockBroker(how)({ routing, logger: defaultLogger() } as never)
  const store = {
    async *get(block: CID) {
      const bytes = await broker.retrieve?.(block, { validateFn: (given: unknown) => check(block, given) } as never)
      yield plain(bytes)
    },
  }
  return await exported(cid, store as unknown as ReadableStorage)
}

/** The same from a CAR file. */
export async function fromCar(bytes: Uint8Array, cid: CID): Promise<Buffer> {
  const car = await CarReader.fromBytes(bytes)
  const store = new MemoryBlockstore()
  for await (const block of car.blocks()) {
    await check(block.cid, block.bytes)
    await store.put(block.cid, block.bytes)
  }
  const [root] = await car.getRoots()
  if (root?.toString() !== cid.toString()) throw new Error('another root')
  return await exported(cid, store)
}

async function exported(cid: CID, store: ReadableStorage): Promise<Buffer> {
  const entry = await exporter(cid, store)
  if (entry.type !== 'file' && entry.type !== 'raw') throw new Error(`it is a ${entry.type}`)
  const parts: Uint8Array[] = []
  for await (const part of entry.content()) parts.push(part)
  return Buffer.concat(parts)
}

async function check(cid: CID, given: unknown): Promise<void> {
  const { digest } = await sha256.digest(plain(given))
  if (Buffer.compare(digest, cid.multihash.digest) !== 0) throw new Error('wrong bytes')
}

function plain(given: unknown): Uint8Array {
  return given instanceof Uint8Array ? given : (given as { subarray(): Uint8Array }).subarray()
}
