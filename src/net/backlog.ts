/**
 * Connections that the system holds until they are accepted; no more than its own limit (Linux: net.core.somaxconn, 4,096 by default).
 * Of Node's 511 a crowd that comes at once leaves nothing: whoever finds no place tries again after 1, 3, 7, … 63 s.
 */
export const BACKLOG = 4096
