/** How long and how much a client may take. In milliseconds where nothing else is said. */
export const LIMITS = {
  /** For all headers of a request: who sends them a byte at a time is cut off. */
  headers: 10_000,
  /** For a whole request; it has no body worth waiting for. */
  request: 15_000,
  /** For the next request on a connection that is kept. */
  keepAlive: 10_000,
  /** Without a byte in either direction, also in the middle of a download. */
  idle: 60_000,
  /** How often the two first are looked after. */
  check: 1_000,
  /** Bytes of a request's line and headers. */
  headerBytes: 8 * 1024,
  /** Bytes of a request's body, which nothing here reads. */
  bodyBytes: 1024,
  /** Connections at a time, of all clients. */
  connections: 10_000,
  /** Connections at a time of one address; proxies that are trusted have no limit of their own. */
  connectionsPerAddress: 1_000,
  /** For answers that are under way when the server is told to end. Clients resume a download that is cut. */
  patience: 30_000,
} as const;
