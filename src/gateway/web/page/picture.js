// Draws pieces as cells of a canvas. What has just come shines for a moment.

const SHINE_MS = 700
const calm = matchMedia('(prefers-reduced-motion: reduce)')
const dark = matchMedia('(prefers-color-scheme: dark)')

/** @type {Record<string, string>} */
const VARIABLES = { o: '--origin', s: '--seed', p: '--peer', d: '--disk', a: '--asked', '.': '--track' }

/** @type {Record<string, string>} */
let colours = {}
/** @type {Set<Picture>} */
const pictures = new Set()

function readColours() {
  const style = getComputedStyle(document.documentElement)
  colours = Object.fromEntries(Object.entries(VARIABLES).map(([letter, name]) => [letter, style.getPropertyValue(name).trim()]))
  colours.ink = style.getPropertyValue('--ink').trim()
}

readColours()
dark.addEventListener('change', () => {
  readColours()
  for (const picture of pictures) picture.draw()
})
const sizes = new ResizeObserver(entries => {
  for (const { target } of entries) for (const picture of pictures) if (picture.canvas === target) picture.draw()
})

/** One row of cells. */
export class Picture {
  /** @param {string} names classes of the canvas */
  constructor(names) {
    this.canvas = document.createElement('canvas')
    this.canvas.className = names
    this.canvas.setAttribute('role', 'img')
    /** @type {string[]} */
    this.cells = []
    /** When each cell changed, ms. @type {number[]} */
    this.changed = []
    /** Letter of the colour, for cells that are digits. */
    this.kind = 'p'
    this.frame = 0
    pictures.add(this)
    sizes.observe(this.canvas)
  }

  remove() {
    pictures.delete(this)
    sizes.unobserve(this.canvas)
    cancelAnimationFrame(this.frame)
    this.canvas.remove()
  }

  /**
   * @param {string} text one letter or digit a cell
   * @param {string} label what a screen reader says
   * @param {string} [kind] colour of digits
   */
  show(text, label, kind = 'p') {
    if (this.canvas.getAttribute('aria-label') !== label) this.canvas.setAttribute('aria-label', label)
    const cells = [...text]
    if (kind === this.kind && cells.length === this.cells.length && cells.every((cell, i) => cell === this.cells[i])) return
    const now = performance.now()
    const isFirst = this.cells.length !== cells.length
    this.changed = cells.map((cell, i) =>
      isFirst || cell === this.cells[i] || cell === '.' ? (this.changed[i] ?? -SHINE_MS) : now,
    )
    this.cells = cells
    this.kind = kind
    this.draw()
  }

  draw() {
    cancelAnimationFrame(this.frame)
    const { canvas, cells } = this
    const ratio = devicePixelRatio || 1
    const width = Math.round(canvas.clientWidth * ratio)
    const height = Math.round(canvas.clientHeight * ratio)
    if (width === 0 || height === 0) return
    if (canvas.width !== width) canvas.width = width
    if (canvas.height !== height) canvas.height = height
    const context = canvas.getContext('2d')
    if (context === null) return
    const now = performance.now()
    const gap = width / cells.length >= 5 * ratio ? Math.round(ratio) : 0
    let shines = false
    context.clearRect(0, 0, width, height)
    for (const [i, cell] of cells.entries()) {
      const from = Math.round((i * width) / cells.length)
      const to = Math.round(((i + 1) * width) / cells.length)
      const box = /** @type {const} */ ([from, 0, Math.max(1, to - from - gap), height])
      const [colour, strength] = lookOf(cell, this.kind)
      context.globalAlpha = 1
      context.fillStyle = colours['.'] ?? ''
      context.fillRect(...box)
      context.globalAlpha = strength
      context.fillStyle = colour
      context.fillRect(...box)
      const age = now - (this.changed[i] ?? 0)
      if (age < SHINE_MS && !calm.matches) {
        shines = true
        context.globalAlpha = 0.5 * (1 - age / SHINE_MS)
        context.fillStyle = colours.ink ?? ''
        context.fillRect(...box)
      }
    }
    if (shines) this.frame = requestAnimationFrame(() => this.draw())
  }
}

/**
 * Colour and opacity of a cell.
 * @param {string} cell
 * @param {string} kind
 * @returns {[string, number]}
 */
function lookOf(cell, kind) {
  if (/\d/.test(cell)) return [colours[kind] ?? '', Number(cell) / 9]
  const colour = colours[cell.toLowerCase()] ?? ''
  return [colour, cell === '.' || cell === 'a' || cell === cell.toUpperCase() ? 1 : 0.55]
}
