// Uses a content while it downloads: unpacks a .gz file from the swarm and counts its lines, without writing a file.
//
//   node examples/embed.ts URL.gz [SEED…]
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { createNode } from 'dragonfly-p2p'

const [url = '', ...seeds] = process.argv.slice(2)

// One node serves the whole program, for any number of contents. Pieces stay in memory, so nothing is left on the disk.
const node = await createNode({ seeds, store: 'memory', network: seeds.length > 0 })
try {
  // Yields the bytes in order and verifies each piece first. Nothing is fetched before the first read.
  const content = node.get(url, { keep: false })
  let lines = 0
  await pipeline(Readable.from(content), createGunzip(), async chunks => {
    for await (const chunk of chunks as AsyncIterable<Buffer>) for (const byte of chunk) if (byte === 10) lines++
  })
  const { bytes, fromPeers, fromSeeds, fromOrigin, sha256 } = await content.receipt
  console.log(JSON.stringify({ lines, bytes, fromPeers, fromSeeds, fromOrigin, sha256 }))
} finally {
  await node.stop()
}
