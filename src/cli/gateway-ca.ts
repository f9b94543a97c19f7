// df gateway ca: the certificate authority for TLS interception, made once, and how to trust it.
import { writeFile } from 'node:fs/promises'
import { OutputError } from './errors.ts'
import { OK } from './exit-codes.ts'
import { jsonLine } from './json-lines.ts'
import { tellFailure } from './tell-failure.ts'

export interface GatewayCaFlags {
  out?: string
  json?: true
}

/** Resolves to the exit code; whatever went wrong was told. */
export async function gatewayCa(flags: GatewayCaFlags, name: string): Promise<number> {
  try {
    const { dragonflyHome, gatewayAuthority } = await import('../index.ts')
    const { file, certificate, fingerprint, validTo, isNew } = await gatewayAuthority(dragonflyHome())
    const shown = flags.out ?? file
    if (flags.out !== undefined) await copy(certificate, flags.out)
    process.stdout.write(
      flags.json === true
        ? jsonLine('authority', { file: shown, fingerprint, validTo, isNew })
        : `certificate  ${shown}\nsha256       ${fingerprint}\nvalid until  ${validTo.slice(0, 10)}\n\n${advice(shown, name)}`,
    )
    return OK
  } catch (error) {
    return tellFailure(error, flags, name)
  }
}

async function copy(certificate: string, file: string): Promise<void> {
  try {
    await writeFile(file, certificate)
  } catch (cause) {
    throw new OutputError(cause as NodeJS.ErrnoException, file)
  }
}

function advice(file: string, name: string): string {
  return `Whoever trusts this certificate believes the gateway for the hosts of gateway.intercept in config.json. To trust it:
  Debian, Ubuntu  cp ${file} /usr/local/share/ca-certificates/dragonfly-gateway.crt && update-ca-certificates
  Fedora, RHEL    cp ${file} /etc/pki/ca-trust/source/anchors/ && update-ca-trust
  curl            curl --cacert ${file}
  npm             NODE_EXTRA_CA_CERTS=${file}
  pip             PIP_CERT=${file}
  git             git config --global http.sslCAInfo ${file}
Restart a running gateway after this: ${name} daemon stop
`
}
