// The counters of one node: counted where things pass, read by status and metrics.
import { METRICS, type Metric, type MetricLabels, type MetricName, type MetricSample } from '../api/metrics.ts'

/** Names of the metrics without labels. */
type Plain = { [N in MetricName]: keyof MetricLabels<N> extends never ? N : never }[MetricName]
type Labelled = Exclude<MetricName, Plain>
type Labels = Readonly<Record<string, string>>

/** A value that somebody else knows; undefined: there is none, and the series is left out. */
export type Measured = { [N in MetricName]: readonly [N, MetricLabels<N>, number | undefined] }[MetricName]

export class Counters {
  readonly #series = new Map<MetricName, ReadonlyMap<string, MetricSample>>()

  constructor() {
    for (const name of Object.keys(METRICS) as MetricName[]) this.#series.set(name, seriesOf(name))
  }

  count(name: Plain, by = 1): void {
    this.#sample(name, {}).value += by
  }

  /** Counts in one series of a metric with labels. */
  countAt<N extends Labelled>(name: N, labels: MetricLabels<N>, by = 1): void {
    this.#sample(name, labels as Labels).value += by
  }

  /** Value of one series. */
  value(name: Plain): number
  value<N extends Labelled>(name: N, labels: MetricLabels<N>): number
  value(name: MetricName, labels: object = {}): number {
    return this.#sample(name, labels as Labels).value
  }

  /** Every metric as it is now, with what was measured elsewhere. A metric without a series is left out. */
  snapshot(measured: readonly Measured[]): Metric[] {
    const known = new Map(measured.map(([name, labels, value]) => [this.#sample(name, labels), value]))
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

/** All series that the table allows, at 0; a metric has one label at most. */
function seriesOf(name: MetricName): ReadonlyMap<string, MetricSample> {
  const [label] = Object.entries<readonly string[]>(METRICS[name].labels)
  if (label === undefined) return new Map([['', { labels: {}, value: 0 }]])
  const [key, values] = label
  return new Map(values.map(value => [value, { labels: { [key]: value }, value: 0 }]))
}
