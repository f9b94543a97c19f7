// Which hub the gateway asks.
import { DragonflyError } from '../../core/errors.ts'

export const DEFAULT_HUB = 'https://huggingface.co'

/** Its URL without a slash at the end. Throws `bad-option`. */
export function hubOf(text = DEFAULT_HUB): string {
  const url = URL.parse(text)
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (url === null || !isWeb || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    throw new DragonflyError('bad-option', `gateway.hub is not the URL of a hub: ${JSON.stringify(text.slice(0, 100))}`, {
      hint: `write ${DEFAULT_HUB}, or leave it out`,
    })
  return url.href.replace(/\/+$/, '')
}
