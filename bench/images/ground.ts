// What every part of the bench stands on: hosts with links, a registry on one of them, and processes that are all ended.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Participant } from '../swarm/participant.ts'
import { Network, plan, type Rates, type Topology } from '../swarm/topology.ts'
import type { Installed, Running } from './dragonfly.ts'
import type { Options } from './options.ts'
import { type Routes, writeRoutes } from './pull.ts'
import { Registry } from './registry.ts'
import type { Shelf } from './shelf.ts'

export interface Ground {
  options: Options
  installed: Installed
  shelf: Shelf
  /** A folder for everything. */
  dir: string
  signal: AbortSignal
}

/** A part of the results. */
export interface Section {
  title: string
  body: string
}

export interface Site extends Ground {
  topology: Topology
  registry: Registry
  routes: Routes
  /** Ends the process when the site is left. */
  keep(running: Running): Running
}

let sites = 0

/** The hosts are there while `work` runs; then nothing of them is, also after a failure. */
export async function onSite<T>(ground: Ground, rates: Rates, work: (site: Site) => Promise<T>): Promise<T> {
  const prefix = `dfi${process.pid}x${++sites}`
  const dir = path.join(ground.dir, prefix)
  await mkdir(dir)
  const network = new Network(prefix)
  const running: Participant[] = []
  let registry: Registry | undefined
  try {
    const topology = plan(prefix, rates)
    await network.up(topology)
    registry = await Registry.start(topology.origin, ground.shelf.store, path.join(dir, 'registry'))
    const routes = await writeRoutes(dir, registry.host)
    const keep = (one: Running) => {
      running.push(one.process)
      return one
    }
    const installed = { ...ground.installed, dir }
    return await work({ ...ground, installed, dir, topology, registry, routes, keep })
  } finally {
    await Promise.all(running.map(one => one.stop()))
    await registry?.stop()
    await network.down()
  }
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
