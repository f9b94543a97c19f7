// Metrics as Prometheus reads them: OpenMetrics or its older text format, made by prom-client. Loaded with the first scrape.
import prometheus, { type RegistryContentType } from 'prom-client'
import type { Metric } from '../../node/api/metrics.ts'

/** Content type and text of one scrape. `accept`: the header of the request. */
export async function prometheusText(metrics: readonly Metric[], accept = ''): Promise<{ type: string; text: string }> {
  const registry = new prometheus.Registry<RegistryContentType>()
  if (wantsOpenMetrics(accept)) registry.setContentType(prometheus.Registry.OPENMETRICS_CONTENT_TYPE)
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

/** Whether OpenMetrics is accepted, and no less than plain text (RFC 9110 §12.5.1). Who says nothing gets plain text. */
export function wantsOpenMetrics(accept: string): boolean {
  const quality = (type: string) => Math.max(0, ...accept.split(',').map(range => qualityOf(range, type)))
  const open = quality('application/openmetrics-text')
  return open > 0 && open >= quality('text/plain')
}

/** Of one media range, if it is of this type. Only version 1 of OpenMetrics is spoken. */
function qualityOf(range: string, type: string): number {
  const [name, ...parameters] = range.split(';').map(part => part.trim().toLowerCase())
  if (name !== type || parameters.includes('version=0.0.1')) return 0
  const quality = Number(parameters.find(part => part.startsWith('q='))?.slice(2) ?? 1)
  return quality >= 0 && quality <= 1 ? quality : 0
}
