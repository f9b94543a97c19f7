// Downloads one URL to a file and prints the receipt: the smallest program that uses the library.
//
//   node examples/get.ts URL [FOLDER] [SEED…]
import { createNode, DragonflyError } from 'dragonfly-p2p'

const [url = '', folder = '.', ...seeds] = process.argv.slice(2)

// Without seeds the network is not needed: a node without it starts faster and reads the origin itself.
const node = await createNode({ seeds, network: seeds.length > 0 })
try {
  const receipt = await node.download(url, folder, {
    signal: AbortSignal.timeout(3_600_000),
    onProgress: ({ bytes, length, peers }) => console.error(`${bytes} of ${length ?? '?'} bytes, ${peers} peers`),
  })
  console.log(JSON.stringify(receipt, undefined, 2))
} catch (error) {
  // Every error of the library has a stable code, a one-line message, and often a hint that says what to do.
  if (!(error instanceof DragonflyError)) throw error
  console.error(`${error.code}: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`)
  process.exitCode = 1
} finally {
  await node.stop()
}
