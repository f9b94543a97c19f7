import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import type { Page } from 'puppeteer-core'
import { hasBrowser, TestBrowser, type Watched } from './browser.ts'
import { DF, hasNginx, hasScript, Lab, LISTEN, type Running } from './lab.ts'

const MiB = 1024 * 1024
const HOME = 'host'
/** A name that is markup wherever it is taken for that. */
const EVIL = '<img src=x onerror=alert(1)><script>alert(2)<'
/** Bytes a second of the origin: slow enough that there is something to see. */
const RATE = '3m'

describe('the live page in a browser, and df top', () => {
  let lab: Lab
  let browser: TestBrowser
  let seed: Awaited<ReturnType<Lab['seed']>>
  let url: string
  let token: string
  let daemonPage: string
  let seedPage: string

  before(async function () {
    if (!hasNginx() || !hasBrowser()) this.skip()
    lab = await Lab.open()
    browser = await TestBrowser.launch()
    await lab.file(EVIL, 12 * MiB)
    const origin = await lab.nginx({ limitRate: RATE })
    url = `${origin.url}/${encodeURIComponent(EVIL)}?X-Signature=SECRET`
    seed = await lab.seed('seed', ['--web', '127.0.0.1:0'])
    seedPage = String((await seed.line('ready')).web)
    const daemon = lab.df(['daemon', 'start', '--json', ...LISTEN, '--no-lan', '--seed', seed.address], HOME, {
      DRAGONFLY_WEB: '127.0.0.1:0',
    })
    daemonPage = String((await daemon.line('ready')).web)
    token = (await readFile(lab.path(HOME, 'api-token'), 'utf8')).trim()
  })
  after(async () => {
    await browser?.close()
    await lab?.close()
  })

  const get = (tag: string): Running => lab.df(['get', '--json', '--tag', tag, '-o', lab.path(tag), url], HOME)
  const textOf = (page: Page, selector: string) => page.$eval(selector, element => element.textContent)
  const says = (page: Page, selector: string, pattern: string) =>
    page.waitForFunction(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].some(e => new RegExp(${JSON.stringify(pattern)}).test(e.textContent))`,
    )
  /** Pieces that the page says are here. */
  const PIECES = "parseInt(document.querySelector('canvas.own').getAttribute('aria-label'), 10)"
  const piecesOf = async (page: Page) => (await page.evaluate(PIECES)) as number
  const isFine = ({ requests, complaints }: Watched, at: string) => {
    expect(requests.filter(request => !request.startsWith(at))).to.deep.equal([])
    expect(complaints).to.deep.equal([])
  }

  it('shows a download, its sources and its pieces as they move, and a hostile name as text', async () => {
    const watched = await browser.open(`${daemonPage}#token=${token}`)
    const { page } = watched
    await says(page, '#state', '^live$')
    expect(page.url(), 'the token does not stay in the address').to.equal(daemonPage)
    await says(page, '#contents', 'Nothing is being downloaded')
    const running = get('first')
    await says(page, '.content h3', '^<img src=x onerror=alert\\(1\\)><script>alert\\(2\\)<$')
    await says(page, '.link .who', '^seed 127.0.0.1')
    await says(page, '.content .facts', 'from seeds 100 %')
    const before = await piecesOf(page)
    await page.waitForFunction(`${PIECES} > ${before}`)
    // what is drawn is what is said: the first cell has the colour of seeds
    const [cell, colour] = (await page.evaluate(`[
      [...document.querySelector('canvas.own').getContext('2d').getImageData(0, 0, 1, 1).data.slice(0, 3)].join(),
      getComputedStyle(document.documentElement).getPropertyValue('--seed').match(/[0-9a-f]{2}/g).map(n => parseInt(n, 16)).join(),
    ]`)) as [string, string]
    expect(cell).to.equal(colour)
    const html = await page.content()
    expect(html).to.not.include('SECRET')
    expect(await page.$$eval('img, script:not([src])', found => found.length)).to.equal(0)
    expect((await running.ended).code).to.equal(0)
    await says(page, '.content .facts', '^12.0 MiB')
    expect(await textOf(page, '#saved .value')).to.equal('12.0 MiB')
    isFine(watched, daemonPage)
  })

  it('changes a limit, which holds from then on', async () => {
    const { page } = await browser.open(`${daemonPage}#token=${token}`)
    await says(page, '#state', '^live$')
    await page.type('input[name=down]', 'fast')
    await page.click('#limits button')
    await says(page, '#limits-answer', 'not a rate|fast')
    await page.$eval('input[name=down]', input => (input.value = ''))
    await page.type('input[name=down]', '2M')
    await page.click('#limits button')
    await says(page, '#limits-answer', 'The limits hold')
    await says(page, '#down', 'of the limit of 1.9 MiB/s')
    const [limits] = (await lab.df(['daemon', 'set', '--json'], HOME).ended).lines
    expect(limits).to.deep.include({ type: 'limits', down: '2M', now: { down: 2_000_000 } })
    await page.$eval('input[name=down]', input => (input.value = ''))
    await page.type('input[name=down]', ' ')
    await page.click('#limits button')
    await says(page, '#down', 'no limit')
  })

  it('of a seed shows whom it sends to; without a token it may look and change nothing', async () => {
    const watched = await browser.open(seedPage)
    const { page } = watched
    const running = get('second')
    await says(page, '.link .who', '^peer 127.0.0.1')
    await says(page, '.link .who', '^origin')
    expect((await running.ended).code).to.equal(0)
    expect(watched.complaints).to.deep.equal([])
    await page.type('input[name=up]', '1M')
    await page.click('#limits button')
    await says(page, '#limits-answer', 'The token is missing or wrong')
  })

  it('fits 360 px without scrolling sideways, and is dark where the browser is', async () => {
    const { page } = await browser.open(daemonPage)
    await page.setViewport({ width: 360, height: 740 })
    await says(page, '#state', '^live$')
    await page.waitForSelector('.content')
    const [wide, room] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [number, number]
    expect(wide).to.equal(room)
    const ground = async () => String(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
    const brightness = (colour: string) => Math.max(...(colour.match(/\d+/g) ?? []).map(Number))
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }])
    expect(brightness(await ground())).to.be.above(200)
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }])
    expect(brightness(await ground())).to.be.below(60)
  })

  it('df top shows the same once where there is no terminal, and as NDJSON', async () => {
    const once = await lab.df(['top'], HOME).ended
    expect(once.code, once.stderr).to.equal(0)
    expect(once.stdout.toString()).to.include(EVIL).and.to.include('seeds 100 %').and.not.include('\x1b')
    const ofSeed = await lab.df(['top', '--once', '--json'], 'seed').ended
    expect(ofSeed.lines).to.have.length(1)
    expect(ofSeed.lines[0]).to.include({ type: 'live', role: 'seed', peerId: seed.peerId })
    const following = lab.df(['top', '--json'], HOME)
    await following.said(out => out.toString().split('\n').length > 2)
    following.child.kill('SIGINT')
    expect((await following.ended).code).to.equal(0)
    const nowhere = await lab.df(['top', '--json'], 'nobody', { DRAGONFLY_SOCKET: lab.path('none') }).ended
    expect(nowhere.lines.at(-1)).to.include({ type: 'error', code: 'no-daemon' })
  })

  it('df top on a terminal draws in place, and q ends it', async function () {
    if (!hasScript()) this.skip()
    const env = { ...process.env, DRAGONFLY_HOME: lab.path(HOME), TERM: 'xterm' }
    const child = spawn('script', ['-qec', `stty cols 40 rows 12; ${DF} top`, '/dev/null'], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let shown = ''
    const drawn = Promise.withResolvers<void>()
    child.stdout.setEncoding('utf8').on('data', text => {
      shown += text
      if (shown.split('receiving').length > 2) drawn.resolve()
    })
    const ended = new Promise<number | null>(resolve => child.once('close', resolve))
    await Promise.race([drawn.promise, ended])
    child.stdin.write('q')
    expect(await ended, shown).to.equal(0)
    expect(shown).to.include('\x1b[?1049h').and.to.include('\x1b[?1049l')
    const lines = shown.split('\x1b[1;1H').flatMap(frame => stripVTControlCharacters(frame).split(/\r?\n/))
    for (const line of lines) expect([...line].length, line).to.be.at.most(40)
  })
})
