// A real browser for tests of pages, with everything that it asked for and complained about.
import { existsSync } from 'node:fs'
import type { Browser, Page } from 'puppeteer-core'
import { HANG_MS } from '../waiting.ts'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', process.env.CHROMIUM ?? '']
  .filter(path => path !== '')
  .find(existsSync)

/** Whether there is a browser; says so loudly when not. */
export function hasBrowser(): boolean {
  if (CHROMIUM === undefined) console.warn('SKIPPED: no browser is installed (apt-get install chromium)')
  return CHROMIUM !== undefined
}

export interface Watched {
  page: Page
  /** URLs that it asked for. */
  requests: string[]
  /** Errors of scripts, and what the browser refused. */
  complaints: string[]
}

export class TestBrowser {
  readonly #browser: Browser

  private constructor(browser: Browser) {
    this.#browser = browser
  }

  static async launch(): Promise<TestBrowser> {
    const { launch } = await import('puppeteer-core')
    // everything that it opens is of this host, and root has no sandbox
    const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking']
    const options = { executablePath: CHROMIUM as string, args, timeout: HANG_MS, protocolTimeout: HANG_MS }
    return new TestBrowser(await launch(options))
  }

  /** A page of its own, with nothing kept from others. */
  async open(url: string): Promise<Watched> {
    const context = await this.#browser.createBrowserContext()
    const page = await context.newPage()
    page.setDefaultTimeout(HANG_MS)
    const requests: string[] = []
    const complaints: string[] = []
    page.on('request', request => requests.push(request.url()))
    page.on('pageerror', error => complaints.push(String(error)))
    page.on('console', message => ['error', 'warn'].includes(message.type()) && complaints.push(message.text()))
    await page.goto(url)
    return { page, requests, complaints }
  }

  async close(): Promise<void> {
    await this.#browser.close()
  }
}
