// The file of records: length and checksum frame each one, so that a torn tail is found and cut off.
import { crc32 } from 'node:zlib'
import { AppendFile } from './append-file.ts'
import { checkRecord, MAX_RECORD_BYTES, MAX_RECORDS_BYTES } from './store.ts'

/** u32 LE length, u32 LE CRC-32 over length and record. */
export const FRAME_BYTES = 8

export class Records {
  readonly #file: AppendFile
  #isMended = false

  private constructor(file: AppendFile) {
    this.#file = file
  }

  static async open(path: string): Promise<Records> {
    return new Records(await AppendFile.open(path))
  }

  /** All good records from the start; whatever follows them is cut off. */
  async all(): Promise<Uint8Array[]> {
    const records = await this.#file.scan(MAX_RECORDS_BYTES, bytes => {
      const { records, end } = parseRecords(bytes)
      return { value: records, end }
    })
    this.#isMended = true
    return records
  }

  async append(record: Uint8Array): Promise<void> {
    const framed = frameRecord(record)
    // A record behind a torn one would never be found again.
    if (!this.#isMended) await this.all()
    await this.#file.append(framed, end => checkRecord(record, end, framed.byteLength))
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

export function frameRecord(record: Uint8Array): Uint8Array {
  const framed = new Uint8Array(FRAME_BYTES + record.byteLength)
  const view = new DataView(framed.buffer)
  view.setUint32(0, record.byteLength, true)
  view.setUint32(4, checksum(framed.subarray(0, 4), record), true)
  framed.set(record, FRAME_BYTES)
  return framed
}

/** The good records from the start of `bytes` (views, not copies), and where the last of them ends. */
export function parseRecords(bytes: Uint8Array): { records: Uint8Array[]; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records: Uint8Array[] = []
  let end = 0
  while (end + FRAME_BYTES <= bytes.byteLength) {
    const length = view.getUint32(end, true)
    const start = end + FRAME_BYTES
    if (length > MAX_RECORD_BYTES || start + length > bytes.byteLength) break
    const record = bytes.subarray(start, start + length)
    if (checksum(bytes.subarray(end, end + 4), record) !== view.getUint32(end + 4, true)) break
    records.push(record)
    end = start + length
  }
  return { records, end }
}

/** Over the length too: a tail of zeros (power loss) must not read as empty records. */
function checksum(length: Uint8Array, record: Uint8Array): number {
  return crc32(record, crc32(length))
}
