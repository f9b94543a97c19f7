// Which requests are for blocks of IPFS.

const PREFIX = '/ipfs/'

export function isIpfsPath(target: string): boolean {
  return target.startsWith(PREFIX)
}
