// The flag that lets other programs of the host in through the gateway.
import { isIP } from 'node:net'
import path from 'node:path'
import { type Command, Option } from 'commander'
import type { MirrorSettings } from '../index.ts'
import type { GatewayConfig } from './config.ts'
import { UsageError } from './errors.ts'
import type { Loopback } from './loopback.ts'
import { parsed } from './options.ts'

/** As commander leaves it. */
export interface GatewayFlags {
  gateway?: Loopback
  gatewayS3?: S3Rights
  ipfs?: true
}

type S3Rights = NonNullable<GatewayConfig['s3']>

const S3_RIGHTS: readonly S3Rights[] = ['host', 'anonymous']

export function addGatewayFlag(command: Command): Command {
  return command
    .addOption(
      parsed(
        '--gateway <host:port>',
        'serve container engines and other programs here, as a registry mirror and HTTP proxy',
        parseGateway,
      ),
    )
    .addOption(
      new Option(
        '--gateway-s3 <rights>',
        'serve S3 buckets below /s3 of the gateway: to programs of this host with its AWS credentials (host), or without any',
      ).choices(S3_RIGHTS),
    )
    .option('--ipfs', 'serve public contents to IPFS clients, too: blocks and CAR files at /ipfs/CID of the gateway')
}

/** Of the flag, else of the config file. Throws a UsageError for the flag without a gateway. */
export function s3RightsOf({ gateway, gatewayS3 }: GatewayFlags, config: Pick<GatewayConfig, 's3'> = {}): S3Rights | undefined {
  if (gatewayS3 !== undefined && gateway === undefined)
    throw new UsageError('--gateway-s3 needs --gateway', 'add --gateway 127.0.0.1:65001')
  return gatewayS3 ?? config.s3
}

/** `127.0.0.1:65001`, `[::1]:65001`, `0.0.0.0:65001`, or the port alone, which is one of 127.0.0.1. Throws a UsageError. */
export function parseGateway(text: string): Loopback {
  const [, name = '127.0.0.1', digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? []
  const host = name === 'localhost' ? '127.0.0.1' : name.replace(/^\[(.*)\]$/, '$1')
  const port = Number(digits)
  if (digits === '' || port > 65_535 || isIP(host) === 0)
    throw new UsageError(`not an address with a port: ${text.slice(0, 100)}`, 'write 127.0.0.1:65001')
  return { host, port }
}

/** What the config file of a home says of registries. Relative paths are ones from that home. */
export function mirrorSettingsOf(config: GatewayConfig, home: string): MirrorSettings {
  const { registries = {}, credentials, registry, anyRegistry, tagAge, staleTags } = config
  const named = Object.entries(registries).map(([host, { url, ca }]) => [
    host,
    { ...(url !== undefined && { url }), ...(ca !== undefined && { ca: path.resolve(home, ca) }) },
  ])
  return {
    ...(registry !== undefined && { registry }),
    ...(anyRegistry !== undefined && { anyRegistry }),
    ...(tagAge !== undefined && { tagAge }),
    ...(staleTags !== undefined && { staleTags }),
    ...(credentials !== undefined && { credentials: path.resolve(home, credentials) }),
    registries: Object.fromEntries(named),
  }
}
