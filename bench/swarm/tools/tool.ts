// The interface of a tool: how to start its swarm, and the command of one peer.
import type { Origin } from '../origin.ts'
import type { Command, Participant } from '../participant.ts'
import type { Host, Topology } from '../topology.ts'

/** A program that has to be here, and what brings it. */
export interface Need {
  /** A file or a command in PATH. */
  program: string
  install: string
}

/** What a tool is given to work with. */
export interface Ground {
  topology: Topology
  origin: Origin
  /** The file on the disk of the origin; seeds of BitTorrent have it from the start. */
  file: string
  /** An empty folder for this tool alone. */
  dir: string
  /** Starts a process that ends with the run. */
  launch(name: string, host: Host, command: Command): Participant
}

/** What a tool's peers need, up and ready, and how to start them. */
export interface Swarm {
  /** The one that has or fetches the file first. Undefined: the origin serves everybody. */
  seed: Participant | undefined
  /** Begins to lie with the line `go`. */
  liar?: Participant
  /**
   * A program that prints `{"type":"ready"}` once it is up, begins with the line `go`, prints `{"type":"done"}` when the
   * last byte is there (or `error` with a `message`), and ends when its standard input does.
   */
  peer(index: number, host: Host): Command
  /** The file that a peer makes. */
  output(index: number): string
}

export interface Tool {
  readonly name: string
  /** Whether it keeps something from earlier runs that a host that uses it has: a few peers get the file first, and that is not counted. */
  keepsCode?: boolean
  readonly needs: readonly Need[]
  start(ground: Ground): Promise<Swarm>
}
