import { table } from '../statistics.ts';

/** Bytes that a client receives, headers included, without TLS: as bench/update-server.ts counts them. */
export const ANSWER_BYTES = { modified: 1203, notModified: 592 } as const;

/** Of an artifact as it is published today (DESIGN.md, section 3). */
const ARTIFACT_BYTES = 308_005_520;

/** An estimate: certificates of a public authority come to 2 to 4 kB, the rest of a handshake of TLS 1.3 to one. */
const HANDSHAKE_BYTES = 4000;

const SECONDS_A_DAY = 24 * 60 * 60;

/**
 * What the requests come to in bytes, as a Markdown table.
 *
 * @param usual requests per second on a day without a release
 * @param busiest requests in the busiest second, of the client and of one that polls in a fixed minute
 * @param learning clients that learn of a release in a second while most do not know of it
 */
export function listArithmetic({
  clients,
  usual,
  busiest,
  learning,
}: {
  readonly clients: number;
  readonly usual: number;
  readonly busiest: { readonly ours: number; readonly fixed: number };
  readonly learning: number;
}): string {
  const aDay = usual * SECONDS_A_DAY;
  const perSecond = ANSWER_BYTES.notModified + HANDSHAKE_BYTES;
  const rows: readonly (readonly [string, string, string])[] = [
    [
      'a day without a release, 304s',
      `${count(aDay / 1e6)} M × ${ANSWER_BYTES.notModified} B`,
      bytes(aDay * ANSWER_BYTES.notModified),
    ],
    [
      'its TLS handshakes, one a check (estimate)',
      `${count(aDay / 1e6)} M × ${count(HANDSHAKE_BYTES)} B`,
      bytes(aDay * HANDSHAKE_BYTES),
    ],
    [
      'a release, one 200 each',
      `${count(clients / 1e6)} M × ${count(ANSWER_BYTES.modified)} B`,
      bytes(clients * ANSWER_BYTES.modified),
    ],
    [
      'busiest second, with handshakes (ours)',
      `${count(busiest.ours)} × ${count(perSecond)} B`,
      bits(busiest.ours * perSecond),
    ],
    [
      'busiest second, with handshakes (same minute)',
      `${count(busiest.fixed)} × ${count(perSecond)} B`,
      bits(busiest.fixed * perSecond),
    ],
    [
      'the artifact, to everybody',
      `${count(clients / 1e6)} M × ${count(ARTIFACT_BYTES / 1e6)} MB`,
      bytes(clients * ARTIFACT_BYTES),
    ],
    [
      'the artifact, in the first half hour',
      `${count(learning)}/s × ${count(ARTIFACT_BYTES / 1e6)} MB`,
      bits(learning * ARTIFACT_BYTES),
    ],
    [
      'the same at a rollout of 5 %',
      `${count(learning * 0.05)}/s × ${count(ARTIFACT_BYTES / 1e6)} MB`,
      bits(learning * 0.05 * ARTIFACT_BYTES),
    ],
  ];
  return table(['what', 'arithmetic', 'comes to'], rows);
}

function count(value: number): string {
  return new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 }).format(value);
}

function bytes(value: number): string {
  return withUnit(value, ['B', 'kB', 'MB', 'GB', 'TB']);
}

function bits(bytesPerSecond: number): string {
  return withUnit(bytesPerSecond * 8, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']);
}

/** Two figures are as many as such sums are good for. */
function withUnit(value: number, units: readonly string[]): string {
  const step = Math.min(Math.floor(Math.log10(value) / 3), units.length - 1);
  return `${Number((value / 1000 ** step).toPrecision(2))} ${units[step]}`;
}
