// Protocol ids; an incompatible change gets a new number.

/** Who has which pieces of one content: hellos, manifest, haves, peers. One long-lived stream per content and peer. */
export const EXCHANGE_PROTOCOL = '/dragonfly/exchange/1.0.0'
/** The bytes of pieces. */
export const DATA_PROTOCOL = '/dragonfly/data/1.0.0'
/** Asking a seed to read a URL. */
export const RESOLVE_PROTOCOL = '/dragonfly/resolve/1.0.0'
/** The private Kademlia DHT in which providers are found. */
export const KAD_PROTOCOL = '/dragonfly/kad/1.0.0'
/** Members of a fleet prove that they are, and tell one another of the others. */
export const FLEET_PROTOCOL = '/dragonfly/fleet/1.0.0'
/** A member of a fleet asks another one how it is doing. */
export const STATUS_PROTOCOL = '/dragonfly/status/1.0.0'
/** Asking a seed to list what is below a URL, and to put its small files into packs. */
export const TREE_PROTOCOL = '/dragonfly/tree/1.0.0'
