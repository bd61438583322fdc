import type { Socket } from 'node:net';
import { systemErrorCode } from '../errors.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import { CACHE_CONTROL, errorDocument } from './site.ts';

interface Refusal {
  readonly status: string;
  readonly code: string;
  readonly message: string;
}

const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'headers-too-large',
    message: 'The request has more headers, or a longer address, than anything here needs.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'request-timeout',
    message: 'The request took too long to arrive.',
  },
};

const MALFORMED: Refusal = {
  status: '400 Bad Request',
  code: 'bad-request',
  message: 'The request cannot be understood.',
};

/** How long a client has to read why, before the connection is cut; in milliseconds. */
const TIME_TO_READ = 1000;

/** Answers what is not HTTP, or too slow or too large, outside of any request, and ends the connection. */
export function refuseConnection(error: Error, socket: Socket): void {
  const code = systemErrorCode(error) ?? '';
  if (code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    // Gone, or in the middle of an answer: nothing that could be said would be understood.
    socket.destroy();
    return;
  }
  const { status, ...refusal } = REFUSALS[code] ?? MALFORMED;
  const body = errorDocument(refusal.code, refusal.message);
  const headers = {
    ...SECURITY_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'cache-control': CACHE_CONTROL.never,
    'content-length': String(body.byteLength),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`);
  socket.end(body);
  // What is still coming is read and thrown away: closing on unread bytes would take the answer back (RFC 9112, 9.6).
  socket.resume();
  setTimeout(() => socket.destroy(), TIME_TO_READ).unref();
}
