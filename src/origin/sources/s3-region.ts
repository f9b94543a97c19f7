// Asks a store of S3 in the region where the bucket is.
import { field } from '../fields.ts'
import type { StoreAnswer } from './ask.ts'
import type { S3Place } from './s3-address.ts'
import { saidIn } from './s3-refusals.ts'

/** Asks where the bucket is said to be, and once more where the store says that it is. */
export async function located(
  place: S3Place,
  ask: (place: S3Place) => Promise<StoreAnswer>,
): Promise<{ answer: StoreAnswer; place: S3Place }> {
  const answer = await ask(place)
  const region = field(answer.headers, 'x-amz-bucket-region') ?? saidIn(answer.text, 'Region')
  const isElsewhere = region !== undefined && /^[a-z0-9-]{1,32}$/.test(region) && region !== place.region
  // what is shown by the general name is asked for by the name of its region all the same: one name for all who ask
  if (!isElsewhere || (isShown(answer) && place.endpoint !== undefined)) return { answer, place }
  const there = { ...place, region }
  return { answer: await ask(there), place: there }
}

/** 416: it is empty. */
export function isShown({ status }: StoreAnswer): boolean {
  return status === 200 || status === 206 || status === 416
}
