// Whether this Node is new enough. Nothing newer than 2020 is written here: old ones have to be able to read it.
import process from 'node:process'

const NEEDED = [22, 19]

/** Undefined: it is. Otherwise what is wrong, as the end of a sentence that begins with a name. */
export function oldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return undefined
  return `needs Node ${NEEDED.join('.')} or newer and found ${process.versions.node} (${process.execPath})`
}
