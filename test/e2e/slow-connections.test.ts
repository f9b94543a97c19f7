// An origin (nginx) that limits each connection: df reads it by several ranges, and what arrives is the file.
import { expect } from 'chai'
import { hasNginx, type Lab } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024
const LENGTH = 40 * MiB

describe('df get, from an origin that limits each connection', () => {
  let lab: Lab

  labForEach(l => {
    lab = l
  })

  it('reads several ranges at a time, and hardly a byte twice', async function () {
    if (!hasNginx()) return this.skip()
    const sha256 = await lab.file('slow.bin', LENGTH)
    const nginx = await lab.nginx({ limitRate: '2m' })
    const ended = await lab.df(['get', '--json', '-o', 'out', `${nginx.url}/slow.bin`]).ended
    expect(ended.code, ended.stderr).to.equal(0)
    expect(ended.lines.find(({ type }) => type === 'done')).to.include({ sha256, fromOrigin: LENGTH })
    const requests = await nginx.requests()
    expect(requests.filter(({ status }) => status === 206)).to.have.length.above(2)
    expect(requests.filter(({ status }) => status === 200)).to.have.length(1)
    expect((await nginx.bytes()) / LENGTH).to.be.within(1, 1.1)
  })
})
