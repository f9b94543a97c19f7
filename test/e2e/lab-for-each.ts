// The set-up of most end-to-end files.
import { stopHostileOrigins } from '../origin/hostile-origin.ts'
import { Lab } from './lab.ts'

/** Gives every test of the suite a lab of its own, and ends it afterwards with every scripted origin. */
export function labForEach(use: (lab: Lab) => void): void {
  let lab: Lab
  beforeEach(async () => {
    lab = await Lab.open()
    use(lab)
  })
  afterEach(async () => {
    await lab.close()
    await stopHostileOrigins()
  })
}
