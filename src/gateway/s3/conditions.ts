// What a request for an object asks for: S3 takes all conditions of HTTP, and ignores ranges that are no single one.
import { type Answer, answerTo, type Fields } from '../proxy/conditions.ts'

/** Of more digits than a length can have, clients write their largest integer: it means the end. */
const HUGE = '9'.repeat(15)

interface Known {
  etag: string
  lastModified: string | undefined
  length: number
}

export type ObjectAnswer = Exclude<Answer, { type: 'origin' }> | { type: 'changed' }

/** In the order of RFC 9110 §13.2.2. */
export function objectAnswerTo(fields: Fields, known: Known): ObjectAnswer {
  if (hasFailed(fields, known)) return { type: 'changed' }
  const range = inDigits(fields.range)
  const others = { ...fields, range, 'if-match': undefined, 'if-unmodified-since': undefined }
  const answer = answerTo(others, known)
  if (answer.type !== 'origin') return answer
  const whole = answerTo({ ...others, range: undefined }, known)
  if (whole.type === 'not-modified') return whole
  return /^bytes=-0+$/.test(range ?? '') ? { type: 'unsatisfiable' } : { type: 'whole' }
}

/** A range whose numbers are not longer than those that are known here. */
function inDigits(range: Fields[string]): string | undefined {
  return range === undefined ? undefined : String(range).replace(/\d+/g, digits => bounded(digits.replace(/^0+(?=\d)/, '')))
}

function bounded(digits: string): string {
  return digits.length > HUGE.length ? HUGE : digits
}

function hasFailed({ 'if-match': match, 'if-unmodified-since': since }: Fields, { etag, lastModified }: Known): boolean {
  if (match !== undefined) {
    const tags = String(match)
      .split(',')
      .map(tag => tag.trim())
    // S3 takes them without quotes, too
    return !tags.some(tag => tag === '*' || tag === etag || `"${tag}"` === etag)
  }
  return since !== undefined && Date.parse(lastModified ?? '') > Date.parse(String(since))
}
