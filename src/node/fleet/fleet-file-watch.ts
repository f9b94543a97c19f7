// Reads the fleet file anew when it has changed.
import { stat } from 'node:fs/promises'
import type { FleetSecret } from '../../core/fleet.ts'
import { readFleetFile } from '../../store/fleet-file.ts'
import { causeOf, type EventFacts } from '../api/events.ts'

/** A look costs one stat. */
const LOOK_MS = 2000

/** Calls `use` with what a changed file says, until the returned function is called. One that cannot be read changes nothing. */
export function watchFleetFile(
  file: string,
  { use, emit }: { use(secrets: readonly FleetSecret[]): void; emit(facts: EventFacts): void },
): () => void {
  let seen: string | undefined
  const look = async () => {
    const { mtimeMs, size, ino } = await stat(file).catch(() => ({ mtimeMs: 0, size: 0, ino: 0 }))
    const now = `${mtimeMs} ${size} ${ino}`
    const hasChanged = seen !== undefined && seen !== now
    seen = now
    if (!hasChanged) return
    try {
      use(await readFleetFile(file))
    } catch (error) {
      emit({ code: 'fleet-file-unread', ...causeOf(error) })
    }
  }
  void look()
  const timer = setInterval(() => void look(), LOOK_MS).unref()
  return () => clearInterval(timer)
}
