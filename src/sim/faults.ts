// Injects faults at their times.
import { drawn, randomFor } from './draw.ts'
import type { Hosts } from './hosts.ts'
import type { SimPeer } from './peer.ts'
import type { Fault, Scenario } from './scenario.ts'
import type { Surroundings } from './surroundings.ts'

/** Peers that need not get it all: those that crash, fall silent or lie. */
export function faultyPeers(faults: readonly Fault[], peers: readonly SimPeer[]): Set<SimPeer> {
  return new Set(faults.flatMap(f => ('peer' in f && f.type !== 'slow' ? [hostOf(peers, f.peer)] : [])))
}

/** A side on which no partition puts anybody. */
const CUT_SIDE = -1

/** `isFirst`: of the contents on these hosts; what happens to a line happens once for all of them. */
export function planFaults(s: Scenario, hosts: Hosts, around: Surroundings, isFirst: boolean): void {
  for (const [i, fault] of (s.faults ?? []).entries()) {
    if (isFirst || (fault.type !== 'slow' && fault.type !== 'partition')) plan(fault, i, { s, hosts, around })
  }
}

interface Setting {
  s: Scenario
  hosts: Hosts
  around: Surroundings
}

function plan(fault: Fault, number: number, setting: Setting): void {
  const { hosts, around } = setting
  const { world } = around
  switch (fault.type) {
    case 'crash': {
      const peer = hostOf(hosts.peers, fault.peer)
      return world.at(fault.at, () => peer.leave('broken'))
    }
    case 'silent': {
      const peer = hostOf(hosts.peers, fault.peer)
      return world.at(fault.at, () => {
        peer.isSilent = true
      })
    }
    case 'liar':
      hostOf(hosts.peers, fault.peer).isLiar = true
      return
    case 'slow': {
      const peer = hostOf(hosts.peers, fault.peer)
      return world.at(fault.at, () => peer.machine.setLine(fault.line))
    }
    case 'seed-death': {
      const seed = hostOf(hosts.seeds, fault.which ?? 0)
      return world.at(fault.at, () => seed.leave('broken'))
    }
    case 'seed-death-when-out':
      return dieWhenOut(hostOf(hosts.seeds, fault.which ?? 0), around)
    case 'seed-frozen': {
      const seed = hostOf(hosts.seeds, fault.which ?? 0)
      return world.at(fault.at, () => {
        seed.isSilent = true
      })
    }
    case 'seed-cut':
      return world.at(fault.at, () => cut(hostOf(hosts.seeds, fault.which ?? 0), fault.from, around))
    case 'partition':
      return planPartition(fault, number, setting)
  }
}

function dieWhenOut(seed: SimPeer, around: Surroundings): void {
  const look = (): void => (seed.trade.outbox.out.count === around.pieces ? seed.leave('broken') : around.world.after(1, look))
  around.world.after(1, look)
}

/** Its downlink stays on the origin's side: cut off from other hosts, it reads on. */
function cut(seed: SimPeer, from: 'origin' | 'peers', { links, mail }: Surroundings): void {
  if (from === 'origin') {
    seed.isCutFromOrigin = true
    return
  }
  links.setSide(seed.machine.up, CUT_SIDE)
  mail.parted(true)
}

/** Every partition is one bit of the side: several may overlap. */
function planPartition(fault: Extract<Fault, { type: 'partition' }>, number: number, { s, hosts, around }: Setting): void {
  const cutOff = drawn(hosts.peers, fault.share, randomFor(s.seed, 100 + number))
  const bit = 1 << (number & 31)
  const toggle = (isBegin: boolean): void => {
    for (const peer of cutOff) peer.machine.setSide(peer.side ^ bit)
    around.mail.parted(isBegin)
  }
  around.world.at(fault.fromMs, () => toggle(true))
  around.world.at(fault.toMs, () => toggle(false))
}

function hostOf(hosts: readonly SimPeer[], number: number): SimPeer {
  const host = hosts[number]
  if (host === undefined) throw new RangeError(`no host ${number} of ${hosts.length}`)
  return host
}
