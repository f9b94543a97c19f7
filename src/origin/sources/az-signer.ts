// Makes shared access signatures of Azure Storage with an account's key: for reading one blob, or for listing one container.
import { createHmac } from 'node:crypto'

/** Version of the service's interface: its signatures have the fields below. */
const VERSION = '2020-12-06'

export interface Signable {
  account: string
  container: string
  /** Undefined: the container's list. */
  name: string | undefined
  isHttps: boolean
}

/** Parameters of the query. `key`: in base64. */
export function signAz({ account, container, name, isHttps }: Signable, key: string, since: Date, lifeMs: number): string {
  const [start, end] = [since, new Date(since.getTime() + lifeMs)].map(date => date.toISOString().replace(/\.\d{3}/, ''))
  const permissions = name === undefined ? 'l' : 'r'
  const resource = name === undefined ? 'c' : 'b'
  const protocol = isHttps ? 'https' : ''
  const path = `/blob/${account}/${container}${name === undefined ? '' : `/${name}`}`
  // as the interface has them: identifier, addresses and protocol; version, resource, snapshot and encryption; five headers of the answer
  const text = [permissions, start, end, path, '', '', protocol, VERSION, resource, '', '', '', '', '', '', ''].join('\n')
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text, 'utf8').digest('base64')
  const query = new URLSearchParams({ sp: permissions, st: start ?? '', se: end ?? '', sv: VERSION, sr: resource })
  if (isHttps) query.set('spr', protocol)
  query.set('sig', signature)
  return query.toString()
}

/** Equal for equal keys; tells nothing of them. */
export function azScope(account: string, key: string): string {
  return createHmac('sha256', Buffer.from(key, 'base64')).update(`dragonfly/az/1\0${account}`).digest('base64url')
}
