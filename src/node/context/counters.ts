// What passed through a node since it started: counted where it passes, read by whoever shows it.

export class Counters {
  /** Bytes that came from origins, in whole reads and in ranges, checked or not. */
  fromOrigin = 0
  /** Askers that a seed was asked by; and those of them that were served what was here already. */
  askers = 0
  hits = 0
}
