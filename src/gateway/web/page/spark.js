// The rate of the last minute as a curve, with the bound that holds.
import { makeSvg } from './elements.js'

const SAMPLES = 60
const [WIDTH, HEIGHT] = [120, 40]

export class Spark {
  constructor() {
    this.svg = makeSvg('svg', {
      class: 'spark',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    })
    this.area = makeSvg('path', { class: 'area' })
    this.curve = makeSvg('path', { class: 'curve' })
    this.bound = makeSvg('line', { class: 'bound', x1: '0', x2: String(WIDTH) })
    this.svg.append(this.area, this.curve, this.bound)
    /** @type {number[]} */
    this.samples = []
  }

  /**
   * @param {number} value
   * @param {number | undefined} bound
   */
  add(value, bound) {
    this.samples.push(value)
    if (this.samples.length > SAMPLES) this.samples.shift()
    const top = Math.max(1, ...this.samples, bound ?? 0) * 1.08
    const height = (/** @type {number} */ n) => (HEIGHT - (n / top) * HEIGHT).toFixed(2)
    const left = SAMPLES - this.samples.length
    const points = this.samples.map((n, i) => `${(((left + i) * WIDTH) / (SAMPLES - 1)).toFixed(2)} ${height(n)}`)
    this.curve.setAttribute('d', `M${points.join('L')}`)
    const start = ((left * WIDTH) / (SAMPLES - 1)).toFixed(2)
    this.area.setAttribute('d', `M${start} ${HEIGHT}L${points.join('L')}L${WIDTH} ${HEIGHT}Z`)
    this.bound.toggleAttribute('hidden', bound === undefined)
    if (bound === undefined) this.bound.setAttribute('visibility', 'hidden')
    else {
      this.bound.setAttribute('visibility', 'visible')
      this.bound.setAttribute('y1', height(bound))
      this.bound.setAttribute('y2', height(bound))
    }
  }
}
