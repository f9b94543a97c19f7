// Whether a text is well-formed XML, as far as pictures use it: elements, quoted attributes, escaped text.

const TOKEN = /<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<&]*(?:&\w+;[^"<&]*)*")*)\s*(\/?)>|((?:[^<>&]|&(?:amp|lt|gt|quot);)+)/y

export interface Element {
  name: string
  attributes: Record<string, string>
  /** What is between its tags, elements left out. */
  text: string
}

/** All elements in order. Throws for anything that is not well-formed. */
export function elementsOf(xml: string): Element[] {
  const elements: Element[] = []
  const open: Element[] = []
  let at = 0
  while (at < xml.length) {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(xml)
    if (match === null) throw new Error(`not XML at ${at}: ${xml.slice(at, at + 40)}`)
    at = TOKEN.lastIndex
    const [, closing = '', name = '', list = '', empty = '', words] = match
    if (words !== undefined) {
      const inside = open.at(-1)
      if (inside !== undefined) inside.text += words
      else if (words.trim() !== '') throw new Error('text outside of the root')
    } else if (closing !== '') {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes something else`)
    } else {
      if (elements.length > 0 && open.length === 0) throw new Error('two roots')
      const element = { name, attributes: attributesOf(list), text: '' }
      elements.push(element)
      if (empty === '') open.push(element)
    }
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)?.name}> is not closed`)
  return elements
}

function attributesOf(list: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const [, name = '', value = ''] of list.matchAll(/([\w:-]+)="([^"]*)"/g)) {
    if (name in attributes) throw new Error(`${name} twice`)
    attributes[name] = value
  }
  return attributes
}
