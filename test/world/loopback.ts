// Where everything listens that tests start: on this machine, at a port that is free.

export const LOOPBACK = '/ip4/127.0.0.1/tcp/0'
