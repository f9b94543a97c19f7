// What an operator loads with NODE_OPTIONS=--import: an SDK that appends every span to the file $SPANS. With TRACE_ORIGINS, requests to
// origins carry the trace context, too, in the way of @opentelemetry/instrumentation-undici.
import diagnostics from 'node:diagnostics_channel'
import { appendFileSync } from 'node:fs'
import { context, propagation } from '@opentelemetry/api'
import { NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'

const exporter = {
  export(spans, done) {
    for (const span of spans) {
      const { name, kind, attributes, status, events } = span
      const { traceId, spanId } = span.spanContext()
      const parent = span.parentSpanContext?.spanId
      const line = { pid: process.pid, name, kind, attributes, status, events: events.map(e => e.name), traceId, spanId, parent }
      appendFileSync(process.env.SPANS, `${JSON.stringify(line)}\n`)
    }
    done({ code: 0 })
  },
  shutdown: async () => {},
}

new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()

if (process.env.TRACE_ORIGINS) {
  diagnostics.subscribe('undici:request:create', ({ request }) => {
    const headers = {}
    propagation.inject(context.active(), headers)
    for (const [name, value] of Object.entries(headers)) request.addHeader(name, value)
  })
}
