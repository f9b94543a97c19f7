import type { StoreEntry } from '../../src/store/store.ts'

/** The same entry, some of whose members are others. */
export function instead(entry: StoreEntry, members: Partial<StoreEntry>): StoreEntry {
  return new Proxy(entry, {
    get: (target, name) => {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name)
      const found: unknown = Reflect.get(target, name, target)
      return typeof found === 'function' ? found.bind(target) : found
    },
  })
}
