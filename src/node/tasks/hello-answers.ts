// Answers peers that say hello: who may have which content, and under which name.
import { randomBytes } from 'node:crypto'
import { raceSignal } from 'race-signal'
import { sameBytes } from '../../core/piece.ts'
import { makeProof, type Task } from '../../core/task.ts'
import type { Answer } from '../../net/exchange.ts'
import type { Hello } from '../../wire/codec-hello.ts'
import { isJoining, joinedRoot } from '../content/joined-root.ts'
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

/** What a topic leads to. */
interface Found {
  /** Shared by grants. */
  guarded: ActiveTask | undefined
  byTask: ActiveTask | undefined
  byContent: ActiveTask | undefined
  closed: ClosedContent | undefined
}

export class HelloAnswers {
  readonly #ctx: Pick<NodeContext, 'network' | 'isTrusted' | 'access' | 'counters'>
  readonly #parts: Contents
  /** What a proof is checked against where there is no task. */
  readonly #nobodys = { secret: randomBytes(32) }

  constructor(ctx: Pick<NodeContext, 'network' | 'isTrusted' | 'access' | 'counters'>, parts: Contents) {
    this.#ctx = ctx
    this.#parts = parts
  }

  /** Does the same work for a topic that the peer may know nothing of as for one that is not there: time must not tell them apart. */
  async answer(peer: string, hello: Hello): Promise<Answer> {
    const shown = await shownGrant(this.#ctx, peer, hello)
    if (hello.grant !== undefined) {
      this.#ctx.counters.countAt('dragonfly_grants_shown_total', { outcome: shown === undefined ? 'invalid' : 'valid' })
    }
    const { guarded, byTask, byContent, closed } = this.#find(topicText(hello.topic), peer, hello)
    const isProven = this.#isProven((byTask ?? closed)?.task ?? this.#nobodys, peer, hello)
    if (guarded !== undefined) return guarded.grants?.admits(peer, shown) === true ? welcome(guarded, peer, hello, true) : UNKNOWN
    const active = byTask ?? byContent
    if (active === undefined) return closed === undefined ? UNKNOWN : await this.#answerClosed(peer, hello, closed, isProven)
    if (byTask !== undefined && !isProven) return active.task.isPrivate ? UNKNOWN : { refused: 'bad-proof' }
    if (byTask === undefined && isJoining(hello) && isLinkedOtherwise(active, peer, hello)) return BUSY
    const held = this.#parts.open().find(h => h.active === active)
    if (held !== undefined) held.usedAt = now()
    return welcome(active, peer, hello, byTask !== undefined)
  }

  /** Looks everywhere, wherever it finds something. */
  #find(topic: string, peer: string, hello: Hello): Found {
    const { closed } = this.#parts
    const { version } = hello
    const all = this.#parts.open().map(h => h.active)
    const guarded = all.filter(s => s.grants?.id === topic)
    const byTask = all.filter(s => s.grants === undefined && s.task.id === topic)
    const joined = all.filter(s => s.manifest?.seal?.root === topic && joinedRoot(s) === topic)
    const byContent = all.filter(s => isPublicContent(s) && contentTopics(s).includes(topic))
    const closedByContent = closed.byContent(topic)
    const atVersion = (candidates: ActiveTask[]) => candidates.find(s => s.manifest?.info.version === version) ?? candidates[0]
    return {
      guarded: guarded.find(s => s.isComplete) ?? guarded.find(s => !s.isOver),
      byTask: atVersion(byTask),
      byContent: isJoining(hello) ? (joined.find(s => s.links.has(peer)) ?? joined[0]) : atVersion(byContent),
      closed: closed.byTask(topic) ?? closedByContent,
    }
  }

  /** For a content that was closed: opens it, once the peer has proved that it may have it. */
  async #answerClosed(peer: string, hello: Hello, closed: ClosedContent, isProven: boolean): Promise<Answer> {
    const isByTask = closed.task.id === topicText(hello.topic)
    if (isByTask && !isProven) return { refused: 'bad-proof' }
    if (this.#parts.closed.isBusy) return BUSY
    const tooLong = AbortSignal.any([this.#parts.stopping, AbortSignal.timeout(OPEN_MS)])
    const active = await raceSignal(this.#parts.reopen(closed), tooLong).catch(() => 'busy' as const)
    if (active === 'busy') return BUSY
    if (active === undefined || active.isClosed) return UNKNOWN
    if (!isByTask && isJoining(hello) && joinedRoot(active) !== topicText(hello.topic)) return UNKNOWN
    return welcome(active, peer, hello, isByTask)
  }

  #isProven({ secret }: Pick<Task, 'secret'>, peer: string, { proof }: Hello): boolean {
    return sameBytes(proof, makeProof(secret, peer, this.#ctx.network?.host.id ?? ''))
  }
}

/** What a peer hears that may hear nothing: as if there were nothing. */
const UNKNOWN: Answer = { refused: 'unknown-topic' }
/** It may try again. */
const BUSY: Answer = { refused: 'too-busy' }

/** Whether a peer is linked by the task, or by another name of the content: one link is enough. */
function isLinkedOtherwise({ links }: ActiveTask, peer: string, { topic }: Hello): boolean {
  const link = links.get(peer)?.link
  return link !== undefined && !sameBytes(link.hello.topic, topic)
}

/** The answer to a peer that may have the content. `isByTask`: it asked for the task, and has proved that it knows it. */
function welcome(active: ActiveTask, peer: string, hello: Hello, isByTask: boolean): Answer {
  const refused = active.links.refusal(peer, hello)
  if (refused !== undefined) return refused
  // who asks by content need not know the task, and a proof of it would be something to try guesses on
  const changes = isByTask ? {} : { topic: hello.topic, proof: new Uint8Array() }
  return { hello: { ...active.links.hello(peer), ...changes }, attach: link => active.links.attach(link) }
}
