// The site of docs/: everything in one folder, search included; no page asks another host for anything.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { anchorOf, PAGES, SECTIONS } from '../pages.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const READ_ONLY_SOURCES = 'a file of the repository, not of the site'

function titleOf(page) {
  return /^# (.*)$/m.exec(readFileSync(path.join(ROOT, page), 'utf8'))[1].replaceAll('`', '')
}

const textOf = page => (page === 'README.md' ? 'Overview' : titleOf(page))
const addressOf = page => (page === 'README.md' ? '/' : `/${page.replace(/\.md$/, '')}`)

/** Links to pages stay links; those to other files of the repository, which the site does not have, become text. */
function linksOfTheSite(md) {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const { children } of tokens) {
      let isText = false
      for (const token of children ?? []) {
        if (token.type === 'link_close' && isText) {
          isText = false
          token.tag = 'span'
        }
        if (token.type !== 'link_open') continue
        const href = token.attrGet('href')
        if (/^(#|\w+:)/.test(href)) continue
        const [file, anchor] = href.split('#')
        const target = path.posix.normalize(path.posix.join(path.posix.dirname(env.relativePath), file))
        isText = !PAGES.includes(target)
        if (isText) Object.assign(token, { type: 'text_open', tag: 'span', attrs: [['title', READ_ONLY_SOURCES]] })
        else if (target === 'README.md') token.attrSet('href', anchor === undefined ? '/' : `/#${anchor}`)
      }
    }
  })
}

// biome-ignore lint/style/noDefaultExport: VitePress reads it so
export default {
  title: 'Dragonfly on libp2p',
  description: 'df get downloads a file to one host or thousands at link speed.',
  srcDir: ROOT,
  outDir: path.join(ROOT, 'site'),
  srcExclude: ['!(docs|src)/**/*.md', 'src/!(wire)/**', 'docs/api/**'],
  rewrites: { 'README.md': 'index.md' },
  // a link that leads nowhere ends the build
  ignoreDeadLinks: [/^https?:\/\/(localhost|127\.0\.0\.1)/],
  markdown: {
    html: false,
    languageAlias: { ndjson: 'json' },
    // hex dumps have no grammar of their own
    languages: [{ name: 'hex', scopeName: 'source.hex', patterns: [] }],
    anchor: { slugify: anchorOf },
    config: linksOfTheSite,
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: SECTIONS.map(([text, pages]) => ({
      text,
      items: pages.map(page => ({ text: textOf(page), link: addressOf(page) })),
    })),
  },
}
