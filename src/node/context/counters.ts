// The counters of one node, or of the process around it: counted where things pass, read by status and metrics.
import {
  METRICS,
  type Metric,
  type MetricLabels,
  type MetricName,
  type MetricSample,
  NODE_METRIC_NAMES,
  type NodeMetricName,
} from '../api/metrics.ts'

/** Names of the metrics without labels. */
type Plain = { [N in MetricName]: keyof MetricLabels<N> extends never ? N : never }[MetricName]
type Labelled = Exclude<MetricName, Plain>
type Labels = Readonly<Record<string, string>>

/** A value that somebody else knows; undefined: there is none, and the series is left out. */
export type Measured<M extends MetricName = NodeMetricName> = {
  [N in M]: readonly [N, MetricLabels<N>, number | undefined]
}[M]

/** `M`: what it counts; by default everything of a node. */
export class Counters<M extends MetricName = NodeMetricName> {
  readonly #series = new Map<MetricName, ReadonlyMap<string, MetricSample>>()

  constructor(names: readonly M[] = NODE_METRIC_NAMES as readonly MetricName[] as readonly M[]) {
    for (const name of names) this.#series.set(name, seriesOf(name))
  }

  /** A gauge may also fall. */
  count(name: Plain & M, by = 1): void {
    this.#sample(name, {}).value += by
  }

  /** Counts in one series of a metric with labels. */
  countAt<N extends Labelled & M>(name: N, labels: MetricLabels<N>, by = 1): void {
    this.#sample(name, labels as Labels).value += by
  }

  /** Value of one series. */
  value(name: Plain & M): number
  value<N extends Labelled & M>(name: N, labels: MetricLabels<N>): number
  value(name: MetricName, labels: object = {}): number {
    return this.#sample(name, labels as Labels).value
  }

  /** Every metric as it is now, with what was measured elsewhere. A metric without a series is left out. */
  snapshot(measured: readonly Measured<M>[]): Metric[] {
    const known = new Map(measured.map(([name, labels, value]) => [this.#sample(name, labels as Labels), value]))
    const shown = ({ labels, value }: MetricSample, now = value): MetricSample => ({ labels, value: now })
    return [...this.#series].flatMap(([name, series]) => {
      const { type, help } = METRICS[name]
      const present = [...series.values()].filter(sample => !known.has(sample) || known.get(sample) !== undefined)
      const samples = present.map(sample => shown(sample, known.get(sample)))
      return samples.length === 0 ? [] : [{ name, type, help, samples }]
    })
  }

  #sample(name: MetricName, labels: Labels): MetricSample {
    return this.#series.get(name)?.get(Object.values(labels).join()) as MetricSample
  }
}

/** All series that the table allows, at 0: every value of a label with every one of the others. */
function seriesOf(name: MetricName): ReadonlyMap<string, MetricSample> {
  let all: Labels[] = [{}]
  for (const [label, values] of Object.entries<readonly string[]>(METRICS[name].labels)) {
    all = all.flatMap(labels => values.map(value => ({ ...labels, [label]: value })))
  }
  return new Map(all.map(labels => [Object.values(labels).join(), { labels, value: 0 }]))
}
