// Events from outside, marked on a picture.
import type { Fault, Result, Scenario } from './scenario.ts'

/** Something at a time, or from one time to another, milliseconds. */
export interface Mark {
  label: string
  from: number
  to?: number
  /** Trouble, or what swarms live with every day. */
  kind: 'trouble' | 'usual'
}

/** In order of time; equal faults at the same time are one mark. */
export function marksOf(s: Scenario, r: Result): Mark[] {
  const groups = new Map<string, Fault[]>()
  for (const fault of s.faults ?? []) {
    const key = `${fault.type} ${'at' in fault ? fault.at : ''}`
    groups.set(key, [...(groups.get(key) ?? []), fault])
  }
  const marks = [...groups.values()].map(faults => markOf(faults[0] as Fault, faults.length, s, r))
  if (s.leaves !== undefined) {
    const { share, fromMs, toMs } = s.leaves
    marks.push({ kind: 'usual', label: `${Math.round(100 * share)} % leave, one by one`, from: fromMs, to: toMs })
  }
  return marks.toSorted((a, b) => a.from - b.from)
}

function markOf(fault: Fault, count: number, scenario: Scenario, r: Result): Mark {
  const kind = 'trouble'
  const [peers, s] = count === 1 ? ['1 peer', 's'] : [`${count} peers`, '']
  switch (fault.type) {
    case 'crash':
      return { kind, label: `${peers} crash${count === 1 ? 'es' : ''}`, from: fault.at }
    case 'silent':
      return { kind, label: `${peers} fall${s} silent`, from: fault.at }
    case 'liar':
      return { kind, label: `${peers} lie${s} from the start`, from: 0 }
    case 'slow':
      return { kind, label: `${peers} slow${s} down`, from: fault.at }
    case 'seed-frozen':
      return { kind, label: `seed ${fault.which ?? 0} freezes`, from: fault.at }
    case 'seed-cut':
      return {
        kind,
        label: `seed ${fault.which ?? 0} is cut off from ${fault.from === 'peers' ? 'all peers' : 'the origin'}`,
        from: fault.at,
      }
    case 'seed-death':
      return { kind, label: `${seedName(scenario, fault.which)} dies`, from: fault.at }
    case 'seed-death-when-out':
      // When that was is not told; its uplink is still from then on.
      return {
        kind,
        label: `${seedName(scenario, fault.which)} dies`,
        from: r.series.findLast(sample => sample.seedUse > 1e-6)?.atMs ?? 0,
      }
    case 'partition':
      return { kind, label: `${Math.round(100 * fault.share)} % cut off`, from: fault.fromMs, to: fault.toMs }
  }
}

function seedName(s: Scenario, which = 0): string {
  return (s.seeds ?? 1) === 1 ? 'the seed' : `seed ${which + 1} of ${s.seeds}`
}
