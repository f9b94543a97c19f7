// The certificate authority of the gateway, for the command that makes it.
import type { GatewayAuthority } from './proxy/authority-files.ts'

export type { GatewayAuthority } from './proxy/authority-files.ts'

/** The authority of this home; made if there is none. Rejects with `output-unwritable`. */
export async function gatewayAuthority(home: string): Promise<GatewayAuthority> {
  const { ensureAuthority } = await import('./proxy/authority-files.ts')
  return await ensureAuthority(home)
}
