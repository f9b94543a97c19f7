// Uses a content while it downloads: unpacks a .gz from the swarm and counts its lines, without a file of its own.
//
//   node examples/embed.ts URL.gz [SEED…]
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { createNode } from 'dragonfly-p2p'

const [url = '', ...seeds] = process.argv.slice(2)

// One node for the life of the program, for any number of contents. Pieces in memory: nothing is left on the disk.
const node = await createNode({ seeds, store: 'memory', network: seeds.length > 0 })
try {
  // Bytes in order, each piece verified before it is seen; nothing is fetched before the first read.
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
