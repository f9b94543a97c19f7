// A store in memory.
import { abortError, DragonflyError } from '../core/errors.ts'
import { PieceEntry } from './entry.ts'
import { MemoryBacking, MemoryContent } from './memory-backing.ts'
import { checkKey, type Store, type StoreEntry, stopped } from './store.ts'

/** Contents live as long as the store, whether their entries are open or not. */
export function openMemoryStore(): Store {
  return new MemoryStore()
}

class MemoryStore implements Store {
  readonly #contents = new Map<string, MemoryContent>()
  readonly #open = new Map<string, StoreEntry>()
  #isStopped = false

  async open(key: string, signal?: AbortSignal): Promise<StoreEntry> {
    checkKey(key)
    if (this.#isStopped) throw stopped()
    if (signal?.aborted) throw abortError(signal)
    this.#checkFree(key)
    const content = this.#contents.get(key) ?? new MemoryContent()
    this.#contents.set(key, content)
    const backing = new MemoryBacking(content)
    const entry = new PieceEntry(key, backing, removed => {
      if (removed) this.#contents.delete(key)
      this.#open.delete(key)
    })
    this.#open.set(key, entry)
    return entry
  }

  async keys(): Promise<string[]> {
    return [...this.#contents.keys()].sort()
  }

  async keysOf(name: string): Promise<string[]> {
    return (await this.keys()).filter(key => key.startsWith(`${name}.`))
  }

  async has(key: string): Promise<boolean> {
    return this.#contents.has(key)
  }

  async keysOfLength(): Promise<string[]> {
    return []
  }

  async remove(key: string): Promise<void> {
    checkKey(key)
    this.#checkFree(key)
    this.#contents.delete(key)
  }

  async freeSpace(): Promise<number> {
    return Number.POSITIVE_INFINITY
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([...this.#open.values()].map(entry => entry.close()))
  }

  #checkFree(key: string): void {
    if (!this.#open.has(key)) return
    throw new DragonflyError('store-locked', `store entry ${key} is open already`, { hint: 'close it first', retryable: true })
  }
}
