// Encodes and decodes the question how a member of a fleet is doing, and its answer.
import { type HostStatus, SLOW_CAUSES, type SlowDownload } from '../core/host-status.ts'
import { decoding, encoding, integerField, listField, malformed, textField } from './fields.ts'
import {
  type DiskUse,
  type SlowDownload as RawDownload,
  StatusReply as RawReply,
  StatusRequest as RawRequest,
  MemberRole as RawRole,
} from './generated/messages.js'
import { LIMITS } from './limits.ts'

export interface StatusRequest {
  /** The most downloads that are to be named, 1 to 10. */
  downloads: number
}

const VERSION = /^[0-9A-Za-z][0-9A-Za-z.+-]*$/
const MAX_UINT32 = 0xffffffff

/** Throws `internal` for what others would refuse. */
export function encodeStatusRequest({ downloads }: StatusRequest): Uint8Array {
  return encoding(LIMITS.statusRequest, () =>
    RawRequest.encode({ downloads: integerField(downloads, 1, LIMITS.slowest, 'downloads') }),
  )
}

/** Throws `protocol`. */
export function decodeStatusRequest(bytes: Uint8Array): StatusRequest {
  return decoding(bytes, LIMITS.statusRequest, input => ({
    downloads: integerField(RawRequest.decode(input).downloads, 1, LIMITS.slowest, 'downloads'),
  }))
}

/** Throws `internal` for what others would refuse. */
export function encodeStatusReply(status: HostStatus): Uint8Array {
  return encoding(LIMITS.statusReply, () => {
    const { version, role, uptime, load, rates, limits, disk, contents, downloads, hidden, slowest } = status
    return RawReply.encode({
      version: versionField(version),
      role: role === 'seed' ? RawRole.DEDICATED : RawRole.MEMBER,
      uptime: count(uptime, 'uptime'),
      lagMs: count(load.lag, 'lag'),
      busy: integerField(load.busy, 0, 100, 'busy'),
      down: amount(rates.down, 'rate'),
      up: amount(rates.up, 'rate'),
      ...(limits.down !== undefined && { limitDown: amount(limits.down, 'limit') }),
      ...(limits.up !== undefined && { limitUp: amount(limits.up, 'limit') }),
      ...(limits.total !== undefined && { limitTotal: amount(limits.total, 'limit') }),
      ...(disk !== undefined && { disk: diskToWire(disk) }),
      contents: count(contents, 'contents'),
      running: count(downloads, 'downloads'),
      hidden: count(hidden, 'hidden downloads'),
      slowest: listField(slowest, LIMITS.slowest, 'downloads').map(downloadToWire),
    })
  })
}

/** Throws `protocol`. */
export function decodeStatusReply(bytes: Uint8Array): HostStatus {
  return decoding(bytes, LIMITS.statusReply, input => {
    const raw = RawReply.decode(input, { limits: { slowest: LIMITS.slowest } })
    if (raw.role !== RawRole.MEMBER && raw.role !== RawRole.DEDICATED) throw malformed('role of a member')
    return {
      version: versionField(raw.version),
      role: raw.role === RawRole.DEDICATED ? 'seed' : 'member',
      uptime: count(raw.uptime, 'uptime'),
      load: { lag: count(raw.lagMs, 'lag'), busy: integerField(raw.busy, 0, 100, 'busy') },
      rates: { down: amount(raw.down, 'rate'), up: amount(raw.up, 'rate') },
      limits: {
        down: optional(raw.limitDown, 'limit'),
        up: optional(raw.limitUp, 'limit'),
        total: optional(raw.limitTotal, 'limit'),
      },
      disk: raw.disk && diskFromWire(raw.disk),
      contents: count(raw.contents, 'contents'),
      downloads: count(raw.running, 'downloads'),
      hidden: count(raw.hidden, 'hidden downloads'),
      slowest: listField(raw.slowest, LIMITS.slowest, 'downloads').map(downloadFromWire),
    }
  })
}

function diskToWire({ used, quota, free, isInTrouble }: NonNullable<HostStatus['disk']>): DiskUse {
  return {
    used: amount(used, 'disk'),
    ...(quota !== undefined && { quota: amount(quota, 'quota') }),
    free: amount(free, 'disk'),
    inTrouble: isInTrouble,
  }
}

function diskFromWire({ used, quota, free, inTrouble }: DiskUse): HostStatus['disk'] {
  return { used: amount(used, 'disk'), quota: optional(quota, 'quota'), free: amount(free, 'disk'), isInTrouble: inTrouble }
}

function downloadToWire({ url = '', bytes, length, rate, cause }: SlowDownload): RawDownload {
  return {
    url: textField(url, LIMITS.shownUrl, 'URL'),
    bytes: amount(bytes, 'bytes'),
    ...(length !== undefined && { length: amount(length, 'length') }),
    rate: amount(rate, 'rate'),
    cause: cause === undefined ? 0 : SLOW_CAUSES.indexOf(cause) + 1,
  }
}

function downloadFromWire({ url, bytes, length, rate, cause }: RawDownload): SlowDownload {
  return {
    url: url === '' ? undefined : textField(url, LIMITS.shownUrl, 'URL'),
    bytes: amount(bytes, 'bytes'),
    length: optional(length, 'length'),
    rate: amount(rate, 'rate'),
    // one that is not known yet is as good as none
    cause: SLOW_CAUSES[count(cause, 'cause') - 1],
  }
}

/** It is shown to people. */
function versionField(version: string): string {
  if (version.length > LIMITS.programVersion || !VERSION.test(version)) throw malformed('version of a program')
  return version
}

function count(value: number, what: string): number {
  return integerField(value, 0, MAX_UINT32, what)
}

function amount(value: number, what: string): number {
  return integerField(value, 0, Number.MAX_SAFE_INTEGER, what)
}

function optional(value: number | undefined, what: string): number | undefined {
  return value === undefined ? undefined : amount(value, what)
}
