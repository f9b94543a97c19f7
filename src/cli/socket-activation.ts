// The socket that a service manager hands over: sd_listen_fds(3) of systemd.

/** Where the descriptors begin (SD_LISTEN_FDS_START). */
const FIRST_FD = 3

/** Its file descriptor; undefined: there is none for this process. Only the first of several is used. */
export function handedOverSocket(env: NodeJS.ProcessEnv, pid: number = process.pid): number | undefined {
  const { LISTEN_PID, LISTEN_FDS } = env
  return Number(LISTEN_PID) === pid && Number(LISTEN_FDS) >= 1 ? FIRST_FD : undefined
}
