// What an entry asks of the shared disk space.

export interface EntrySpace {
  /** The content will come to `length` bytes. Rejects with `no-space` when there is no room for them. */
  expect(length: number): Promise<void>
  /** Before bytes are written; undefined when there is room for them. Rejects with `no-space`. */
  claim(bytes: number): Promise<void> | undefined
  wrote(bytes: number): void
  /** Writing what was claimed failed. Resolves to whether there is room now, so that it is worth another try. */
  failed(bytes: number, error: unknown): Promise<boolean>
  /** Somebody reads or writes. */
  used(): void
}

/** Where nothing is counted. */
export const UNLIMITED: EntrySpace = {
  expect: async () => {},
  claim: () => undefined,
  wrote: () => {},
  failed: async () => false,
  used: () => {},
}
