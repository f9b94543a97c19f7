// Invents peers, thousands of them, as soon as somebody lets it in.
import type { Link } from '../../src/net/link.ts'

/** Each message names as many peers as one may, at ports that nobody listens on. */
export function floodsPeers(id: string, messages = 50): (link: Link) => void {
  return link => {
    for (let i = 0; i < messages; i++) {
      const peers = Array.from({ length: 32 }, () => ({ id, addresses: [`/ip4/127.0.0.1/tcp/${1 + i}`] }))
      link.send({ type: 'peers', peers, links: 0 })
    }
  }
}
