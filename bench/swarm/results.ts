// The file of results: one section for each configuration, with its newest run.

export interface Section {
  title: string
  body: string
}

/** The text with this section in place of the one of the same title, or after the others. `head` comes first of all. */
export function withSection(text: string, head: string, section: Section): string {
  const sections = sectionsOf(text)
  const at = sections.findIndex(({ title }) => title === section.title)
  if (at === -1) sections.push(section)
  else sections[at] = section
  return `${[head, ...sections.map(({ title, body }) => `## ${title}\n\n${body}`)].map(part => part.trim()).join('\n\n')}\n`
}

function sectionsOf(text: string): Section[] {
  const [, ...parts] = text.split(/^## /m)
  return parts.map(part => {
    const end = part.indexOf('\n')
    return { title: part.slice(0, end).trim(), body: part.slice(end).trim() }
  })
}
