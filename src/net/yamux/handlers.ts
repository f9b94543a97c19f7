// Which protocols somebody handles here.

/** Of libp2p. Its parts are there only once it is made. */
export interface YamuxComponents {
  registrar: { getHandler(protocol: string): unknown }
}

/** libp2p's list of all protocols would be made and sorted anew for each stream. */
export function hasHandler(components: Partial<YamuxComponents> | undefined, protocol: string): boolean {
  try {
    return components?.registrar?.getHandler(protocol) !== undefined
  } catch {
    return false
  }
}
