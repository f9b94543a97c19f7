// Links between the pages of the documentation lead somewhere, also to the heading that they name; the site has every page.
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { anchorOf, PAGES } from '../scripts/docs-site/pages.ts'
import { ROOT } from './cli/processes.ts'

/** A page without its blocks of code. */
function textOf(page: string): string {
  return readFileSync(path.join(ROOT, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
}

/** As git hosts make them: the second equal heading gets `-1`. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of textOf(page).matchAll(/^#+ (.*)$/gm)) {
    const plain = anchorOf(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'))
    let anchor = plain
    for (let again = 1; anchors.has(anchor); again++) anchor = `${plain}-${again}`
    anchors.add(anchor)
  }
  return anchors
}

describe('documentation', () => {
  it('is all in the site', () => {
    const pages = globSync('docs/**/*.md', { cwd: ROOT }).filter(page => !page.startsWith('docs/api'))
    expect(PAGES).to.include.members(pages)
    expect(PAGES.filter(page => !existsSync(path.join(ROOT, page)))).to.deep.equal([])
  })

  for (const page of PAGES) {
    it(`${page} has links that lead somewhere`, () => {
      const links = [
        ...textOf(page)
          .replace(/`[^`]*`/g, '')
          .matchAll(/\]\(([^)\s]+)\)/g),
      ].map(([, link = '']) => link)
      for (const link of links) {
        if (/^\w+:/.test(link)) continue
        const [file = '', anchor] = link.split('#')
        const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file)
        expect(existsSync(path.join(ROOT, target)), link).to.equal(true)
        if (anchor !== undefined && target.endsWith('.md')) expect(anchorsOf(target), link).to.include(anchor)
      }
    })
  }
})
