// The live page: takes the status as it comes, shows it, and sends the limits that a person sets.
import { showContents } from './contents.js'
import { at, make, write } from './elements.js'
import { showLists, showNow } from './lists.js'

/** @typedef {import('../../../node/api/live.ts').DaemonLive} Live */

const KEY = 'dragonfly-token'
/** Milliseconds before the first and the last try to connect again. */
const [FIRST_MS, LAST_MS] = [1000, 8000]
/** Characters of one update; see LIVE_BOUNDS of the daemon. */
const MAX_UPDATE = 4 * 1024 * 1024

let token = takeToken()
/** @type {AbortController | undefined} */
let connection

/** In the fragment it reaches no server and no log, and it does not stay in the address bar. */
function takeToken() {
  const [, given] = /^#token=([\w-]{43})$/.exec(location.hash) ?? []
  if (given !== undefined) {
    sessionStorage.setItem(KEY, given)
    history.replaceState(null, '', location.pathname)
  }
  return sessionStorage.getItem(KEY) ?? ''
}

/** @param {string} text */
function setToken(text) {
  token = text.trim()
  if (token === '') sessionStorage.removeItem(KEY)
  else sessionStorage.setItem(KEY, token)
}

/** @returns {Record<string, string>} */
function authorization() {
  return token === '' ? {} : { authorization: `Bearer ${token}` }
}

/**
 * @param {string} text
 * @param {'live' | 'lost' | ''} look
 */
function say(text, look) {
  const state = at('state')
  state.className = `state ${look}`
  write(state, text)
}

/** @param {Live} live */
function show(live) {
  at('gate').hidden = true
  at('main').hidden = false
  say('live', 'live')
  document.title = `${live.role} · Dragonfly`
  showNow(live)
  showContents(live.contents, live.contentCount)
  showLists(live)
  showLimits(live.limits)
}

// ---- updates

/** Looks for as long as the page is visible: a page in the background costs its daemon nothing. */
async function follow() {
  let wait = FIRST_MS
  while (!document.hidden) {
    connection = new AbortController()
    try {
      const answer = await fetch('/live', { headers: authorization(), signal: connection.signal, cache: 'no-store' })
      if (answer.status === 403) return ask((await answer.json()).message)
      if (!answer.ok || answer.body === null) throw new Error(`${answer.status}`)
      wait = FIRST_MS
      for await (const update of updatesOf(answer.body)) show(update)
    } catch {}
    if (document.hidden) return
    say('no connection to the daemon; trying again', 'lost')
    await new Promise(resolve => setTimeout(resolve, wait))
    wait = Math.min(LAST_MS, wait * 2)
  }
}

/**
 * Server-sent events, each with one line of data. EventSource cannot send the token.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<Live>}
 */
async function* updatesOf(body) {
  const reader = body.pipeThrough(/** @type {ReadableWritablePair<string, any>} */ (new TextDecoderStream())).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    rest += value
    if (rest.length > MAX_UPDATE) return void (await reader.cancel())
    const events = rest.split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) if (event.startsWith('data: ')) yield JSON.parse(event.slice(6))
  }
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) connection?.abort()
  else void follow()
})

// ---- token

/** @param {string} message */
function ask(message) {
  say('locked', '')
  at('main').hidden = true
  at('gate').hidden = false
  write(at('gate-answer'), token === '' ? '' : message)
  at('gate-answer').classList.add('bad')
  at('gate-token').focus()
}

at('gate').addEventListener('submit', (/** @type {Event} */ event) => {
  event.preventDefault()
  setToken(at('gate-token').value)
  at('gate-token').value = ''
  void follow()
})

// ---- limits

/** @type {HTMLFormElement} */
const form = at('limits')
const NAMES = /** @type {const} */ (['down', 'up', 'total'])
let isDirty = false

/** @param {string} name */
function field(name) {
  return /** @type {HTMLInputElement} */ (form.elements.namedItem(name))
}

/** @param {Live['limits']} limits */
function showLimits(limits) {
  at('token-line').hidden = token !== ''
  if (isDirty) return
  for (const name of NAMES) {
    const text = String(limits[name] ?? '')
    if (field(name).value !== text) field(name).value = text
  }
}

form.addEventListener('input', () => {
  isDirty = true
})

form.addEventListener('submit', async event => {
  event.preventDefault()
  const given = field('token').value
  if (given !== '') setToken(given)
  field('token').value = ''
  const limits = Object.fromEntries(NAMES.map(name => [name, field(name).value.trim()]).filter(([, text]) => text !== ''))
  const { isGood, text } = await send(limits)
  const answer = at('limits-answer')
  answer.classList.toggle('bad', !isGood)
  write(answer, text)
  if (isGood) isDirty = false
  at('token-line').hidden = token !== ''
})

/** @param {Record<string, string>} limits */
async function send(limits) {
  try {
    const headers = { ...authorization(), 'content-type': 'application/json' }
    const answer = await fetch('/limits', { method: 'POST', headers, body: JSON.stringify(limits) })
    if (answer.ok) return { isGood: true, text: 'The limits hold.' }
    const { code, message, hint } = await answer.json()
    if (code === 'peer-refused') setToken('')
    return {
      isGood: false,
      text: code === 'peer-refused' ? 'The token is missing or wrong.' : [message, hint].filter(Boolean).join('; '),
    }
  } catch {
    return { isGood: false, text: 'The daemon does not answer.' }
  }
}

const LEGEND = /** @type {const} */ ([
  ['origin', 'from the origin'],
  ['seed', 'from seeds'],
  ['peer', 'from peers'],
  ['disk', 'here before'],
  ['asked', 'asked for'],
  ['missing', 'missing'],
])
at('legend').append(...LEGEND.map(([name, meaning]) => make('li', '', make('i', name), meaning)))
void follow()
