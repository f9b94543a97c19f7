// The flag that serves metrics to Prometheus.
import type { Command } from 'commander'
import { parseGateway } from './gateway-flags.ts'
import type { Loopback } from './loopback.ts'
import { parsed } from './options.ts'

/** As commander leaves it. */
export interface MetricsFlags {
  metrics?: Loopback
}

export function addMetricsFlag(command: Command): Command {
  return command.addOption(
    parsed('--metrics <host:port>', 'serve metrics for Prometheus here, at /metrics, to whoever can connect', parseGateway),
  )
}
