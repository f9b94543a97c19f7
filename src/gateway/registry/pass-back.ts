// Passes a registry's answer on. Only its relative links are changed, where the registry stood in the path of the request.
import { pairsOf } from '../../origin/raw-headers.ts'
import { giveBack } from '../front/relay.ts'
import type { Asked } from './asked.ts'

type Passed = Parameters<typeof giveBack>[1]

/** Never rejects. */
export async function passBack({ guest, target }: Asked, answer: Passed): Promise<void> {
  if (target.prefix === undefined) return await giveBack(guest, answer)
  const prefix = `/v2/${target.prefix}/`
  const headers = pairsOf(answer.headers).flatMap(([name, value]) => {
    if (/^location$/i.test(name)) return [name, value.replace(/^\/v2\//, prefix)]
    return [name, /^link$/i.test(name) ? value.replaceAll('</v2/', `<${prefix}`) : value]
  })
  await giveBack(guest, { ...answer, headers })
}
