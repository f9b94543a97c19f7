// A seed inside a program of your own: reads origins for others, keeps and signs what it read, until it is stopped.
//
//   node examples/seed.ts [--allow-origin PATTERN]… [LISTEN…]
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { createNode } from 'dragonfly-p2p'

const { values, positionals: listen } = parseArgs({
  allowPositionals: true,
  options: { 'allow-origin': { type: 'string', multiple: true } },
})

const node = await createNode({
  listen: listen.length > 0 ? listen : ['/ip4/0.0.0.0/tcp/4801'],
  // Besides public addresses; a private registry, say. Without it nobody gets at this network through the seed.
  allowOrigins: values['allow-origin'] ?? [],
  // The same peer id after a restart: others name a seed by it.
  persistentIdentity: true,
  onEvent: ({ level, code, message }) => console.error(`${level} ${code}: ${message}`),
})
try {
  await node.seed()
  // Each of these, as it is, is what `df get --seed` and the `seeds` option take.
  for (const address of node.addresses) console.log(address)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
} finally {
  // Nothing is left behind: connections closed, the store unlocked.
  await node.stop()
}
