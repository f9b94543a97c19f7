// A transport that asks the gate before it connects anywhere, and checks where a name leads.
import { type LookupAllOptions, lookup as resolveName } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { Transport } from '@libp2p/interface'
import { type DialGate, isForHearsay } from './dial-gate.ts'

/** `make`: of a transport whose options for dialling are those of `net.connect`. */
export function gatedTransport<C>(gate: DialGate, make: (components: C) => Transport): (components: C) => Transport {
  return components => {
    const transport = make(components)
    const dial = transport.dial.bind(transport)
    transport.dial = async (address, options) => {
      gate.begin(address)
      const how = gate.isTrusted(address) ? options : { ...options, lookup }
      const connection = await dial(address, how)
      gate.succeeded(address)
      return connection
    }
    return transport
  }
}

/** The address that is checked is the one that is connected to: a name that changes its mind in between gains nothing. */
const lookup: LookupFunction = (name, options, callback) => {
  resolveName(name, { ...options, all: true } as LookupAllOptions, (error, found) => {
    const good = error === null ? found.filter(({ address }) => isForHearsay(address)) : []
    const [first] = good
    if (first === undefined) callback(error ?? new Error(`${name} leads to no address of a peer`), '')
    else if (options.all === true) callback(null, good)
    else callback(null, first.address, first.family)
  })
}
