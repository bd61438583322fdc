import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { FaultPlace, MetFaults } from './fault.ts';
import { type BodySource, sendBody } from './send-body.ts';

/** A file's bytes, or the path of a file that is streamed. */
export type Content = Uint8Array | string;

/** One request at the release host and what became of it. */
export interface LoggedRequest {
  readonly on: FaultPlace;
  readonly method: string;
  readonly path: string;
  /** Without `authorization` where it could be a token that counts, at the API and for uploads. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** What came of the request's token, at the API and for uploads. */
  credentials?: 'none' | 'accepted' | 'refused';
  readonly range: string | null;
  status: number;
  /** Bytes of the body that were handed to the system. */
  bytes: number;
  /** Bytes of the request's body that arrived, for uploads. */
  received?: number;
}

/** What belongs together about one request. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly met: MetFaults;
  readonly entry: LoggedRequest;
}

/** Faults that need no file. Says whether it answered. */
export function answerEarly({ request, response, met, entry }: Exchange): boolean {
  if (met.has('silent')) return true;
  const status = met.get('status');
  if (status !== undefined) {
    finish(response, entry, status.status, status.headers ?? {}, `${status.status}\n`);
    return true;
  }
  const location = met.has('redirect-loop') ? request.url : met.get('redirect')?.to;
  if (location === undefined) return false;
  finish(response, entry, 302, { location }, '');
  return true;
}

/** The wait that a `delay` asks for. Does not keep the process. */
export async function waitFor(met: MetFaults): Promise<void> {
  const delay = met.get('delay');
  if (delay !== undefined) await sleep(delay.milliseconds, undefined, { ref: false });
}

export function finish(
  response: ServerResponse,
  entry: LoggedRequest,
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
): void {
  entry.status = status;
  entry.bytes = Buffer.byteLength(body);
  const length = status === 304 ? {} : { 'content-length': entry.bytes };
  response.writeHead(status, { ...withoutUndefined(headers), ...length });
  response.end(body);
}

export async function serve(
  { request, response, met, entry }: Exchange,
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  whole: BodySource,
): Promise<void> {
  const source = met.has('gzip') ? zip(whole) : whole;
  const length = met.get('length')?.length ?? (met.has('endless') ? 'absent' : source.end - source.start);
  entry.status = status;
  response.writeHead(status, {
    ...withoutUndefined(headers),
    ...(met.has('gzip') ? { 'content-encoding': 'gzip' } : {}),
    ...(length === 'absent' ? {} : { 'content-length': length }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  await sendBody(response, source, met, (bytes) => {
    entry.bytes += bytes;
  });
}

function zip({ content, start, end }: BodySource): BodySource {
  const bytes = typeof content === 'string' ? readFileSync(content) : content;
  const zipped = gzipSync(bytes.subarray(start, end));
  return { content: zipped, start: 0, end: zipped.byteLength };
}

/** The range that was asked for, if its condition holds. */
export function readRange(
  { headers }: IncomingMessage,
  size: number,
  etag: string | undefined,
): { readonly start: number; readonly end: number } | 'unsatisfiable' | null {
  const match = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  if (match === null) return null;
  // A weak ETag never matches If-Range (RFC 9110 section 13.1.5).
  const condition = headers['if-range'];
  if (condition !== undefined && (condition !== etag || condition.startsWith('W/'))) return null;
  const start = Number(match[1]);
  const end = match[2] === '' ? size : Math.min(size, Number(match[2]) + 1);
  return start < end ? { start, end } : 'unsatisfiable';
}

function withoutUndefined<Value>(
  headers: Readonly<Record<string, Value | undefined>>,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, Value] => entry[1] !== undefined),
  );
}
