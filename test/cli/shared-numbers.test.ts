// Numbers that the command line needs before it loads the library: they are those of the library.
import { expect } from 'chai'
import { parseConnections } from '../../src/cli/origin-limits.ts'
import { DEFAULT_QUOTA } from '../../src/cli/store-admin.ts'
import { MAX_CONTENTS } from '../../src/client/index.ts'
import { MAX_CONTENTS as SERVED } from '../../src/gateway/api/schemas.ts'
import { MAX_ORIGIN_CONNECTIONS } from '../../src/node/api/option-schemas.ts'
import { SEED_QUOTA } from '../../src/node/duty.ts'

describe('numbers that command line and library share', () => {
  it('the quota of a seed', () => expect(DEFAULT_QUOTA).to.deep.equal(SEED_QUOTA))

  it('contents in one answer of the control socket', () => expect(MAX_CONTENTS).to.equal(SERVED))

  it('requests at one origin', () => {
    expect(parseConnections(String(MAX_ORIGIN_CONNECTIONS))).to.equal(MAX_ORIGIN_CONNECTIONS)
    expect(() => parseConnections(String(MAX_ORIGIN_CONNECTIONS + 1))).to.throw()
  })
})
