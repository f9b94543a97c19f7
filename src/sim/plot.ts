// SVG primitives: scales, paths, labels.

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

export type Point = readonly [x: number, y: number]

/** Where on the picture a value is. */
export type Scale = (value: number) => number

/** From values to places, straight; both pairs are first and last. */
export function scale([from, to]: Point, [begin, end]: Point): Scale {
  return value => begin + ((value - from) / (to - from || 1)) * (end - begin)
}

/** Round values from 0 to `end`, about `count` of them: 1, 2 or 5 times a power of ten apart. */
export function ticks(end: number, count: number): number[] {
  const rough = end / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5].find(n => n * power >= rough) ?? 10)
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => i * step)
}

/** A path through the points, to a tenth of a unit. What only lengthens a level or upright line is left out. */
export function path(points: readonly Point[]): string {
  const kept: Point[] = []
  for (const [x, y] of points) {
    const point: Point = [tenth(x), tenth(y)]
    while (kept.length > 1 && isBetween(kept.at(-2) as Point, kept.at(-1) as Point, point)) kept.pop()
    kept.push(point)
  }
  return kept.map((point, i) => stroke(point, kept[i - 1])).join('')
}

/** The path there along `top`, and back along `bottom`. */
export function area(top: readonly Point[], bottom: readonly Point[]): string {
  return `${path([...top, ...bottom.toReversed()])}Z`
}

export function tag(name: string, attributes: Readonly<Record<string, string | number>>, content = ''): string {
  const list = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? tenth(value) : escaped(value)}"`,
  )
  return content === '' ? `<${name}${list.join('')}/>` : `<${name}${list.join('')}>${content}</${name}>`
}

/** Words at a place; `anchor` says which end of them is there. */
export function text([x, y]: Point, words: string, style: string, anchor: 'start' | 'middle' | 'end' = 'start'): string {
  const where = anchor === 'start' ? {} : { 'text-anchor': anchor }
  return tag('text', { x, y, class: style, ...where }, escaped(words))
}

export function line([x1, y1]: Point, [x2, y2]: Point, style: string): string {
  return tag('line', { x1, y1, x2, y2, class: style })
}

export function rect({ x, y, width, height }: Box, style: string): string {
  return tag('rect', { x, y, width: Math.max(0, width), height, class: style })
}

export function escaped(words: string): string {
  return words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

function tenth(n: number): number {
  return Math.round(n * 10) / 10
}

function stroke([x, y]: Point, before: Point | undefined): string {
  if (before === undefined) return `M${x} ${y}`
  if (y === before[1]) return `H${x}`
  return x === before[0] ? `V${y}` : `L${x} ${y}`
}

/** Whether the middle one only lengthens a level or upright line. */
function isBetween(a: Point, b: Point, c: Point): boolean {
  return (a[0] === b[0] && b[0] === c[0]) || (a[1] === b[1] && b[1] === c[1])
}
