// Every environment variable that df reads, declared once. The reference is made from this table.

/** Name → meaning. */
export const VARIABLES: Readonly<Record<string, string>> = {
  DRAGONFLY_HOME:
    "Home folder: identity, store, `config.json`. Default: the platform's data folder (`~/.local/share/dragonfly` on Linux, `~/Library/Application Support/dragonfly` on macOS).",
  DRAGONFLY_SEEDS: 'As `seeds` in `config.json`: multiaddrs, with commas or spaces between them.',
  DRAGONFLY_ANNOUNCE: 'As `announce` in `config.json`: multiaddrs, with commas or spaces between them.',
  DRAGONFLY_FLEET_FILE: 'As `fleet` in `config.json`.',
  DRAGONFLY_ALLOW_ORIGIN: 'As `allowOrigins` in `config.json`: patterns, with commas or spaces between them.',
  DRAGONFLY_ORIGIN_LIMIT: 'As `originLimit` in `config.json`.',
  DRAGONFLY_ORIGIN_CONNECTIONS: 'As `originConnections` in `config.json`.',
  DRAGONFLY_DAEMON: 'As `daemon` in `config.json`.',
  DRAGONFLY_SOCKET: 'Socket of the daemon that all users of this host share. Default `/run/dragonfly/df.sock`.',
  DRAGONFLY_PROXY: 'As `proxy` in `config.json`. Wins over `http_proxy` and its like.',
  http_proxy:
    'Proxy for http origins: `http://[USER:PASSWORD@]HOST:PORT`. `HTTP_PROXY` counts too, except in a CGI process (`REQUEST_METHOD` is set).',
  https_proxy: 'Proxy for https origins. `HTTPS_PROXY` counts too.',
  all_proxy: 'Proxy for origins whose scheme has none of its own. `ALL_PROXY` counts too.',
  no_proxy: 'Origin hosts that are read without a proxy, as for `--noproxy`. `NO_PROXY` counts too.',
  CURL_CA_BUNDLE: "PEM file of certificate authorities, in place of Node's and the system's, as for `--cacert`.",
  SSL_CERT_FILE: 'As `CURL_CA_BUNDLE`, if that is not set.',
  SSL_CERT_DIR: "Where the system's certificate authorities are (OpenSSL's own variable).",
  DRAGONFLY_LIMIT: 'As `limit` in `config.json`.',
  DRAGONFLY_UPLOAD_LIMIT: 'As `uploadLimit` in `config.json`.',
  DRAGONFLY_TOTAL_LIMIT: 'As `totalLimit` in `config.json`.',
  DRAGONFLY_NODE: 'The Node program that runs df. Default: the one beside the package, else the one in `PATH`.',
  XDG_CACHE_HOME: "Node's compile cache goes to `dragonfly/compile` in this folder. Default `~/.cache`.",
  NODE_DISABLE_COMPILE_CACHE: '`1`: no compile cache.',
  NODE_EXTRA_CA_CERTS: "File with more certificate authorities for https origins (Node's own variable).",
  DEBUG:
    'Any value: stack traces of errors, on standard error. `dragonfly:*`, `dragonfly:peer-*`: events as they happen. `libp2p:*`: what libp2p does.',
}
