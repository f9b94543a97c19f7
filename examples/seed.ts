// A seed inside your own program: reads origins for others, stores and signs what it read, until it is stopped.
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
  // Private addresses that the seed may read for others, such as a registry. By default it reads public addresses only.
  allowOrigins: values['allow-origin'] ?? [],
  // Keeps the peer id over restarts, because other hosts name the seed by it.
  persistentIdentity: true,
  onEvent: ({ level, code, message }) => console.error(`${level} ${code}: ${message}`),
})
try {
  await node.seed()
  // `df get --seed` and the `seeds` option take each of these addresses unchanged.
  for (const address of node.addresses) console.log(address)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
} finally {
  // Closes the connections and unlocks the store.
  await node.stop()
}
