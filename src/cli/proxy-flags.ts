// How origins are connected to: flags, DRAGONFLY_PROXY and config.json. What none of them names is the environment's, as in curl.
import path from 'node:path'
import { type Command, Option } from 'commander'
import { UsageError } from './errors.ts'
import { lists, REPEAT } from './options.ts'

/** Flags as commander leaves them. */
export interface ProxyFlags {
  proxy?: string
  noproxy?: string
  cacert?: string
  ipfsGateway?: string[]
}

/** As the options of the library. What nobody named is left out. */
export interface ProxySettings {
  /** Empty: no proxy, whatever the environment says. */
  proxy?: string
  noProxy?: string
  /** Absolute path. */
  ca?: string
  /** Gateways of ipfs: URLs. */
  ipfsGateways?: readonly string[]
}

/** Adds the flags, and refuses those that would switch off the check of certificates. */
export function addProxyFlags(command: Command): Command {
  return command
    .option('-x, --proxy <url>', "read origins through this proxy, http://[USER:PASSWORD@]HOST:PORT; '' for none")
    .option('--noproxy <hosts>', 'origins that are read without the proxy: example.org,10.0.0.0/8')
    .option('--cacert <file>', 'PEM file of the only certificate authorities to trust for https')
    .addOption(lists('--ipfs-gateway <url>', `read ipfs:// URLs from this trustless gateway ${REPEAT}`))
    .addOption(new Option('-k, --insecure').hideHelp())
    .on('option:insecure', () => {
      throw new UsageError(
        '-k: df always checks certificates, because it shares what it reads with other hosts',
        "name the certificate, or its authority's, with --cacert FILE",
      )
    })
}

export function proxySettingsOf({ proxy, noproxy, cacert, ipfsGateway }: ProxyFlags): ProxySettings {
  return {
    ...(proxy !== undefined && { proxy }),
    ...(noproxy !== undefined && { noProxy: noproxy }),
    ...(cacert !== undefined && { ca: path.resolve(cacert) }),
    ...(ipfsGateway !== undefined && { ipfsGateways: ipfsGateway }),
  }
}

/** Empty is as good as unset. */
export function proxySettingsOfEnv({ DRAGONFLY_PROXY: proxy }: NodeJS.ProcessEnv): ProxySettings {
  return proxy ? { proxy } : {}
}

/** A relative path is one from the folder of the config file. */
export function proxySettingsOfFile({ proxy, noProxy, ca, ipfsGateways }: ProxySettings, file: string): ProxySettings {
  return {
    ...(proxy !== undefined && { proxy }),
    ...(noProxy !== undefined && { noProxy }),
    ...(ca !== undefined && { ca: path.resolve(path.dirname(file), ca) }),
    ...(ipfsGateways !== undefined && { ipfsGateways }),
  }
}

/** The first that names something wins, each on its own. Rejects with `bad-option` that says where a malformed proxy was named. */
export async function chooseProxySettings(flags: ProxySettings, env: ProxySettings, file: ProxySettings): Promise<ProxySettings> {
  const chosen = { ...file, ...env, ...flags }
  if (chosen.proxy) {
    const source = flags.proxy !== undefined ? '--proxy' : env.proxy !== undefined ? 'DRAGONFLY_PROXY' : 'proxy in config.json'
    const { checkProxy } = await import('../index.ts')
    checkProxy(chosen.proxy, source)
  }
  const { proxy, noProxy, ca, ipfsGateways } = chosen
  return {
    ...(proxy !== undefined && { proxy }),
    ...(noProxy !== undefined && { noProxy }),
    ...(ca !== undefined && { ca }),
    ...(ipfsGateways !== undefined && { ipfsGateways }),
  }
}
