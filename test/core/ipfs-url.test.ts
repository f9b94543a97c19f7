// ipfs: URLs: which there are, and that one content has one URL and one task.
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { DragonflyError } from '../../src/core/errors.ts'
import { ipfsUrl, parseIpfsUrl } from '../../src/core/ipfs-url.ts'
import { makeTask } from '../../src/core/task.ts'

const V0 = 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'
const V1 = CID.parse(V0).toV1().toString()
const RAW = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    expect(error).to.be.instanceOf(DragonflyError)
    expect((error as Error).message).to.not.include('\n')
    return (error as DragonflyError).code
  }
  return ''
}

describe('an ipfs: URL', () => {
  it('names the same in every version and base of its CID, and makes one task', () => {
    const ways = [V0, V1, V1.toUpperCase(), CID.parse(V1).toString(base36), CID.parse(V1).toString(base58btc)]
    for (const way of ways) {
      expect(ipfsUrl(parseIpfsUrl(`ipfs://${way}`).cid), way).to.equal(`ipfs://${V1}`)
      const task = makeTask({ url: `ipfs://${way}#frag` })
      expect(task).to.include({ url: `ipfs://${V1}`, isPrivate: false })
      expect(task.id).to.equal(makeTask({ url: `IPFS://${V1}` }).id)
    }
    expect(makeTask({ url: `ipfs://${RAW}` }).id).to.not.equal(makeTask({ url: `ipfs://${V1}` }).id)
    expect(makeTask({ url: `ipfs://${V1}`, tag: 'a' }).id).to.not.equal(makeTask({ url: `ipfs://${V1}` }).id)
  })

  it('has the task that SPEC.md says', async () => {
    const spec = await readFile(new URL('../../src/wire/SPEC.md', import.meta.url), 'utf8')
    const url = /ipfs:\/\/bafy[a-z2-7]+/.exec(spec)?.[0] ?? ''
    expect(spec).to.include(makeTask({ url }).id)
  })

  it('may have a path, decoded, and a slash at its end', () => {
    expect(parseIpfsUrl(`ipfs://${V1}/a%20b/c%3F.bin`)).to.deep.include({ path: ['a b', 'c?.bin'], namesFolder: false })
    expect(parseIpfsUrl(`ipfs://${V1}/`)).to.deep.include({ path: [], namesFolder: true })
    expect(ipfsUrl(CID.parse(V1), ['a b', 'ü?'])).to.equal(`ipfs://${V1}/a%20b/%C3%BC%3F`)
  })

  it('is refused in one line where it makes no sense', () => {
    const inline = CID.createV1(0x55, identity.digest(new Uint8Array(129)) as never)
    const bad = [
      ...['ipfs:', 'ipfs://', `ipfs:/${V1}`, `ipfs://${V1}?x`, `ipfs://${V1}/a?b`, 'ipfs://example.org/a', 'ipfs://bafy'],
      ...[`ipfs://${V1}/../x`, `ipfs://${V1}/%2e%2e/x`, `ipfs://${V1}//x`, `ipfs://${V1}/a%2Fb`, `ipfs://${V1}/%zz`],
      `ipfs://${V1}/${'a/'.repeat(65)}`,
      // dag-cbor, an IPNS name, blake2b, too much in the CID
      ...[CID.createV1(0x71, CID.parse(V1).multihash), CID.createV1(0x72, CID.parse(V1).multihash), inline].map(
        cid => `ipfs://${cid}`,
      ),
      `ipfs://${CID.createV1(0x55, { ...CID.parse(V1).multihash, code: 0xb220, bytes: Uint8Array.from([0xa0, 0xe4, 2, 32, ...CID.parse(V1).multihash.digest]) })}`,
    ]
    for (const url of bad)
      expect(
        codeOf(() => parseIpfsUrl(url)),
        url,
      ).to.equal('bad-url')
    for (const url of [...bad, `ipfs://${V1}/a`, `ipfs://${V1}/`])
      expect(
        codeOf(() => makeTask({ url })),
        url,
      ).to.equal('bad-url')
  })

  it('takes no credentials: they would go to gateways', () => {
    const url = `ipfs://${V1}`
    expect(codeOf(() => makeTask({ url, headers: [['authorization', 'Bearer x']] }))).to.equal('bad-option')
    expect(codeOf(() => makeTask({ url, filter: ['a'] }))).to.equal('bad-option')
    expect(codeOf(() => makeTask({ url: `ipfs://user:secret@${V1}` }))).to.equal('bad-url')
  })
})
