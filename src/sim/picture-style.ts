// Colours and fonts of the pictures, for light and dark screens.

interface Colours {
  card: string
  edge: string
  ink: string
  muted: string
  grid: string
  /** What peers, seeds and the origin do. */
  peer: string
  seed: string
  origin: string
  fault: string
  /** Time lost in the start, the middle, the tail. */
  lost: readonly [string, string, string]
}

const LIGHT: Colours = {
  card: '#ffffff',
  edge: '#d9d8d3',
  ink: '#1b1c1e',
  muted: '#62646a',
  grid: '#e7e6e2',
  peer: '#1f6fc4',
  seed: '#0b7f74',
  origin: '#7a4fb5',
  fault: '#c22f3d',
  lost: ['#f3b562', '#dd8420', '#a9540b'],
}

const DARK: Colours = {
  card: '#17191c',
  edge: '#33363b',
  ink: '#eceded',
  muted: '#a3a6ac',
  grid: '#2b2e33',
  peer: '#6db1f5',
  seed: '#4fc4b4',
  origin: '#b99af0',
  fault: '#ff7b82',
  lost: ['#8f5a17', '#c67a22', '#f0ac5a'],
}

const SHAPES = `text{font-family:system-ui,"Segoe UI",Helvetica,Arial,sans-serif;font-size:12px;font-variant-numeric:tabular-nums}
.title{font-size:18px;font-weight:600}.lead{font-size:14px}.small{font-size:11px}
.curve,.rim{fill:none;stroke-linejoin:round}.curve{stroke-width:2.2}.rim{stroke-width:1;stroke-opacity:.55}
.grid{stroke-width:1}.bound{stroke-width:1.5;stroke-dasharray:5 3}.ideal{stroke-width:1.2;stroke-dasharray:1 4;stroke-linecap:round;fill:none}
.last{stroke-width:1.5}.fault{stroke-width:1.2;stroke-dasharray:3 3}.cut{fill-opacity:.09}.band{fill-opacity:.2}.bar{fill-opacity:.32}.unused{fill-opacity:.55}
.halo{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}`

/** The content of the picture's `<style>`. */
export function pictureStyle(): string {
  return `${SHAPES}\n${colours(LIGHT)}\n@media (prefers-color-scheme:dark){${colours(DARK)}}`
}

function colours(c: Colours): string {
  const fills = { card: c.card, ink: c.ink, muted: c.muted, cut: c.fault, alarm: c.fault, band: c.peer, dot: c.peer }
  const strokes = { grid: c.grid, bound: c.ink, last: c.peer, ideal: c.muted, fault: c.fault, edge: c.edge, halo: c.card }
  const both = { peer: c.peer, seed: c.seed, origin: c.origin }
  return [
    ...Object.entries(fills).map(([name, colour]) => `.${name}{fill:${colour}}`),
    ...Object.entries(strokes).map(([name, colour]) => `.${name}{stroke:${colour}}`),
    ...Object.entries(both).map(([name, colour]) => `.bar.${name}{fill:${colour}}.curve.${name},.rim.${name}{stroke:${colour}}`),
    ...c.lost.map((colour, i) => `.lost${i}{fill:${colour}}`),
  ].join('')
}
