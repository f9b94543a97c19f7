// A malicious peer of the bench: claims to have everything and sends wrong bytes to every peer, until nobody is linked to it any more.
import { createInterface } from 'node:readline/promises'
import { makeTask } from '../../src/core/task.ts'
import { claimsAll } from '../../test/malicious/claims-all.ts'
import { givesAlways } from '../../test/malicious/gives-bytes.ts'
import { ScriptedPeer } from '../../test/malicious/scripted-peer.ts'

const [url = '', seed = '', count = '', pieceLength = ''] = process.argv.slice(2)
const junk = new Uint8Array(Number(pieceLength))
const claims = claimsAll(Number(count))
const known = new Set<string>()
const RETRY_MS = 500
const RETRIES = 10

const liar = await ScriptedPeer.start(makeTask({ url, headers: [] }), {
  message: async (message, link, self) => {
    claims(message, link, self)
    if (message.type === 'peers') for (const { id, addresses } of message.peers) visit(id, addresses)
  },
  ask: givesAlways(junk),
})

/** Each peer once; again while it does not know the content yet. */
function visit(id: string, addresses: readonly string[]): void {
  const [address] = addresses
  if (address === undefined || known.has(id)) return
  known.add(id)
  const attempt = (left: number) =>
    liar.say(address.includes('/p2p/') ? address : `${address}/p2p/${id}`).then(
      link => claims(undefined, link, liar),
      () => left > 0 && setTimeout(() => attempt(left - 1), RETRY_MS),
    )
  void attempt(RETRIES)
}

const orders = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
process.stdout.write('{"type":"ready"}\n')
await orders.next()
visit(seed.slice(seed.lastIndexOf('/') + 1), [seed])
await orders.next()
process.exit()
