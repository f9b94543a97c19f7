// Looks at the site as it was built: every link inside it and every anchor leads somewhere, and nothing is loaded from another host.
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const SITE = fileURLToPath(new URL('../../site', import.meta.url))
const files = globSync('**/*.html', { cwd: SITE })
const texts = new Map(files.map(file => [file, readFileSync(path.join(SITE, file), 'utf8')]))
const idsOf = html => new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id))
const ids = new Map([...texts].map(([file, html]) => [file, idsOf(html)]))
const faults = []

function lookAt(file, link) {
  const { pathname, hash } = new URL(link.replaceAll('&amp;', '&'), `http://site/${file}`)
  const target = decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname).slice(1)
  const anchor = decodeURIComponent(hash.slice(1))
  if (!existsSync(path.join(SITE, target))) faults.push(`${file}: ${link} leads nowhere`)
  else if (anchor !== '' && ids.get(target)?.has(anchor) === false) faults.push(`${file}: ${link} has no such anchor`)
}

for (const [file, html] of texts) {
  for (const [, tag, attributes] of html.matchAll(/<(a|link|script|img|source|iframe)\s([^>]*)>/g)) {
    const link = /(?:href|src)="([^"]*)"/.exec(attributes)?.[1]
    if (link === undefined || link.startsWith('data:')) continue
    if (!/^([a-z]+:)?\/\//.test(link)) lookAt(file, link)
    else if (tag !== 'a') faults.push(`${file}: <${tag}> loads ${link}`)
  }
}
for (const file of globSync('**/*.css', { cwd: SITE })) {
  const css = readFileSync(path.join(SITE, file), 'utf8')
  for (const [, link] of css.matchAll(/(?:url\(|@import )["']?(https?:[^"')]*)/g)) faults.push(`${file}: loads ${link}`)
}

for (const fault of new Set(faults)) console.error(fault)
if (faults.length > 0) process.exit(1)
console.log(`${files.length} pages in site/: every link leads somewhere, nothing is loaded from elsewhere`)
