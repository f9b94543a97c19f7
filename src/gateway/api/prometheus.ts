// Metrics as Prometheus reads them: its text format, made by prom-client. Loaded with the first scrape.
import prometheus from 'prom-client'
import type { Metric } from '../../node/api/metrics.ts'

/** Content type and text of one scrape. */
export async function prometheusText(metrics: readonly Metric[]): Promise<{ type: string; text: string }> {
  const registry = new prometheus.Registry()
  for (const { name, type, help, samples } of metrics) {
    const labelNames = Object.keys(samples[0]?.labels ?? {})
    const options = { name, help, labelNames, registers: [registry] }
    if (type === 'counter') {
      const counter = new prometheus.Counter(options)
      for (const { labels, value } of samples) counter.inc(labels, value)
    } else {
      const gauge = new prometheus.Gauge(options)
      for (const { labels, value } of samples) gauge.set(labels, value)
    }
  }
  return { type: registry.contentType, text: await registry.metrics() }
}
