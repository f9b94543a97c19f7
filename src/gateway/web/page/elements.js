// Makes elements. Text goes in as text: nothing on this page is ever parsed as markup.
import { plain } from './texts.js'

/**
 * @param {string} tag
 * @param {string} [names] classes
 * @param {...(string | Node)} parts
 * @returns {HTMLElement}
 */
export function make(tag, names = '', ...parts) {
  const element = document.createElement(tag)
  if (names !== '') element.className = names
  for (const part of parts) element.append(typeof part === 'string' ? plain(part) : part)
  return element
}

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 */
export function makeSvg(tag, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}

/**
 * @param {string} id
 * @returns {any}
 */
export function at(id) {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`there is no ${id}`)
  return element
}

/**
 * Writes only what is new: the page is looked at every second.
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  const wanted = plain(text)
  if (element.textContent !== wanted) element.textContent = wanted
}

/** @type {WeakMap<Element, string>} */
const shown = new WeakMap()

/**
 * Replaces the rows of a list when what they show has changed.
 * @template T
 * @param {Element} list
 * @param {readonly T[]} items
 * @param {(item: T) => Element} row
 * @param {string} none what is said when there is none
 */
export function fill(list, items, row, none) {
  const text = JSON.stringify(items)
  if (shown.get(list) === text) return
  shown.set(list, text)
  list.replaceChildren(...(items.length === 0 ? [make('li', 'quiet', none)] : items.map(row)))
}
