// A crowd that comes while a host is busy: the system holds its connections, and nobody has to knock again.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const CROWD = 1000

/** Most that the system holds for anybody; undefined: it does not say. */
function systemLimit(): number | undefined {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'latin1'))
  } catch {
    return undefined
  }
}

describe('a crowd at a busy host', () => {
  for (const linkWorkers of [0, 1]) {
    it(`is let in by the system, ${CROWD} at once (${linkWorkers} link workers)`, async function () {
      if ((systemLimit() ?? 0) < CROWD) {
        console.log('      SKIPPED: the system holds fewer connections, or does not say how many')
        this.skip()
      }
      const host = fork(fileURLToPath(new URL('busy-host.ts', import.meta.url)), [`${linkWorkers}`])
      const sockets: Socket[] = []
      try {
        const [port] = (await once(host, 'message')) as [number]
        host.send('be busy')
        await once(host, 'message')
        const connected = Array.from({ length: CROWD }, async () => {
          const socket = connect({ port, host: '127.0.0.1' })
          sockets.push(socket)
          socket.on('error', () => {})
          await once(socket, 'connect')
          return true
        })
        const late = pause(5000, false)
        const isIn = await Promise.all(connected.map(one => Promise.race([one.catch(() => false), late])))
        expect(isIn.filter(is => is).length).to.equal(CROWD)
      } finally {
        for (const socket of sockets) socket.destroy()
        host.kill('SIGKILL')
        await once(host, 'exit')
      }
    })
  }
})
