// Answers peers that say hello: who may have which content, and under which name.
import { raceSignal } from 'race-signal'
import { sameBytes } from '../../core/piece.ts'
import { makeProof, type Task } from '../../core/task.ts'
import type { Answer } from '../../net/exchange.ts'
import type { Hello } from '../../wire/codec-hello.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import { shownGrant } from '../peers/grant-book.ts'
import type { ActiveTask } from '../session/active-task.ts'
import type { ClosedContent, ClosedContents } from './closed-contents.ts'
import type { Held } from './held.ts'
import { contentTopics, isPublicContent, topicText } from './topics.ts'

/** A peer waits for the opening of a content for so long, ms; then it is told to come again. */
const OPEN_MS = 3000

/** What there is to ask for. */
export interface Contents {
  open(): Held[]
  readonly closed: ClosedContents
  /** Resolves to undefined when it is in the store no more. */
  reopen(closed: ClosedContent): Promise<ActiveTask | undefined>
  /** Aborted when the node stops. */
  readonly stopping: AbortSignal
}

export class HelloAnswers {
  readonly #ctx: Pick<NodeContext, 'network' | 'isTrusted' | 'access'>
  readonly #parts: Contents

  constructor(ctx: Pick<NodeContext, 'network' | 'isTrusted' | 'access'>, parts: Contents) {
    this.#ctx = ctx
    this.#parts = parts
  }

  async answer(peer: string, hello: Hello): Promise<Answer> {
    // first, whatever it is for: how long the answer takes must not tell which topics there are
    const shown = await shownGrant(this.#ctx, peer, hello)
    const topic = topicText(hello.topic)
    const all = this.#parts.open().map(h => h.active)
    const guarded = all.filter(s => s.grants?.id === topic)
    const open = guarded.find(s => s.isComplete) ?? guarded.find(s => !s.isOver)
    if (open !== undefined) return open.grants?.admits(peer, shown) === true ? welcome(open, peer, hello, true) : UNKNOWN
    const byTask = all.filter(s => s.grants === undefined && s.task.id === topic)
    const candidates = byTask.length > 0 ? byTask : all.filter(s => isPublicContent(s) && contentTopics(s).includes(topic))
    const active = candidates.find(s => s.manifest?.info.version === hello.version) ?? candidates[0]
    if (active === undefined) return await this.#answerClosed(peer, hello, topic)
    if (byTask.length > 0 && !this.#isProven(active.task, peer, hello)) {
      return active.task.isPrivate ? UNKNOWN : { refused: 'bad-proof' }
    }
    const held = this.#parts.open().find(h => h.active === active)
    if (held !== undefined) held.usedAt = now()
    return welcome(active, peer, hello, byTask.length > 0)
  }

  /** For a content that was closed: opens it, once the peer has proved that it may have it. */
  async #answerClosed(peer: string, hello: Hello, topic: string): Promise<Answer> {
    const byTask = this.#parts.closed.byTask(topic)
    const closed = byTask ?? this.#parts.closed.byContent(topic)
    if (closed === undefined) return UNKNOWN
    if (byTask !== undefined && !this.#isProven(byTask.task, peer, hello)) return { refused: 'bad-proof' }
    if (this.#parts.closed.isBusy) return BUSY
    const tooLong = AbortSignal.any([this.#parts.stopping, AbortSignal.timeout(OPEN_MS)])
    const active = await raceSignal(this.#parts.reopen(closed), tooLong).catch(() => 'busy' as const)
    if (active === 'busy') return BUSY
    return active === undefined || active.isClosed ? UNKNOWN : welcome(active, peer, hello, byTask !== undefined)
  }

  #isProven({ secret }: Task, peer: string, { proof }: Hello): boolean {
    return sameBytes(proof, makeProof(secret, peer, this.#ctx.network?.host.id ?? ''))
  }
}

/** What a peer hears that may hear nothing: as if there were nothing. */
const UNKNOWN: Answer = { refused: 'unknown-topic' }
/** It may try again. */
const BUSY: Answer = { refused: 'too-busy' }

/** The answer to a peer that may have the content. `isByTask`: it asked for the task, and has proved that it knows it. */
function welcome(active: ActiveTask, peer: string, hello: Hello, isByTask: boolean): Answer {
  const refused = active.links.refusal(peer, hello)
  if (refused !== undefined) return refused
  // who asks by content need not know the task, and a proof of it would be something to try guesses on
  const changes = isByTask ? {} : { topic: hello.topic, proof: new Uint8Array() }
  return { hello: { ...active.links.hello(peer), ...changes }, attach: link => active.links.attach(link) }
}
