// Names of temporary files.

const LENGTH = 8

/** Eight letters and digits; not secret. Whoever makes a file of it makes sure that there is none. node:crypto would take 5 ms to load. */
export function randomName(): string {
  return Math.random().toString(36).slice(2).padEnd(LENGTH, '0').slice(0, LENGTH)
}
