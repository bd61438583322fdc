import { startReleaseHost } from '../../src/lab/release-host/release-host.ts';

/** What a host in a process of its own says of itself, in one line of JSON, when it is ready. */
export interface HostAddresses {
  readonly apiOrigin: string;
  readonly token: string;
}

// A release host whose memory can be measured apart from its client's. When its standard input ends, it closes, and
// prints the most memory that it has had, in bytes.
const { apiOrigin, token, close } = await startReleaseHost();
const addresses: HostAddresses = { apiOrigin, token };
console.log(JSON.stringify(addresses));
process.stdin.on('end', () => {
  void close().then(() => console.log(process.resourceUsage().maxRSS * 1024));
});
process.stdin.resume();
