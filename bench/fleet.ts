// What membership costs in a fleet, and how soon everybody knows: in virtual time, for the table of docs/swarm.md.
// npm run bench:fleet [MEMBERS…]
import { exponential } from '../src/sim/draw.ts'
import { seededRandom } from '../src/swarm/random.ts'
import { FleetWorld } from '../test/swarm/fleet-world.ts'

const HOUR_MS = 3_600_000
const MINUTES = 5
/** Share of members that go, and of those that come, in an hour. */
const CHURN = 0.1

function measured(members: number): string {
  const random = seededRandom(members)
  const world = new FleetWorld({ members, random, loss: 0.001 })
  world.run(10_000)
  const known = spread(world)
  const load = churned(world, random, members)
  return [members, ...known, ...load].join(' | ')
}

/** Seconds until a newcomer is known to 99 %, until a death is, and how many disagree about a task then. */
function spread(world: FleetWorld): string[] {
  const newcomer = world.join()
  const joined = world.secondsUntil(0.99, ({ view, peer }) => peer === newcomer.peer || view.has(newcomer.peer))
  world.run(20_000)
  const victim = world.any()
  world.kill(victim)
  const died = world.secondsUntil(0.99, ({ view }) => !view.has(victim.peer))
  return [joined.toFixed(1), died.toFixed(1)]
}

/** Messages and bytes a second and member, microseconds of CPU an event, copies of a task. */
function churned(world: FleetWorld, random: () => number, members: number): string[] {
  const every = HOUR_MS / (members * CHURN)
  const from = { messages: world.messages, bytes: world.bytes, events: world.events, syncs: world.syncs, at: world.now }
  const began = process.cpuUsage()
  let copies = 0
  let looks = 0
  let changeAt = world.now + exponential(every / 2, random)
  for (const end = world.now + MINUTES * 60_000; world.now < end; ) {
    world.run(1000)
    for (; changeAt < world.now; changeAt += exponential(every / 2, random)) {
      if (random() < 0.5) world.join()
      else world.kill(world.any())
    }
    if (world.now % 30_000 >= 1000) continue
    copies += world.copies(100)
    looks++
  }
  const { user, system } = process.cpuUsage(began)
  const perMember = ((world.now - from.at) / 1000) * members
  return [
    ((world.messages - from.messages) / perMember).toFixed(2),
    ((world.bytes - from.bytes) / perMember).toFixed(0),
    ((world.syncs - from.syncs) / perMember).toFixed(5),
    ((user + system) / (world.events - from.events)).toFixed(1),
    (copies / looks).toFixed(3),
  ]
}

console.log('members | newcomer known s | death known s | messages/s | bytes/s | lists/s | µs/event | copies')
const sizes = process.argv.slice(2).map(Number)
for (const members of sizes.length > 0 ? sizes : [10, 100, 1000, 2000]) console.log(measured(members))
