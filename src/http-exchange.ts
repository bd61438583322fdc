import { type ClientRequest, request as requestOverHttp } from 'node:http';
import { request as requestOverHttps } from 'node:https';
import type { Socket } from 'node:net';
import type { RequestFunction } from 'got';

/** One request and its answer, as far as somebody who looks for a fault wants to know of it. */
export interface HttpExchange {
  /** When it was begun, ISO 8601. */
  readonly at: string;
  readonly method: string;
  /** Without its query, which may be a signature. */
  readonly url: string;
  /** Null where no answer came. */
  readonly status: number | null;
  /** What came over the connection for it: headers and body. */
  readonly bytes: number;
  readonly milliseconds: number;
  readonly error: string | null;
}

/** A way for got to make its requests in which every hop is told of when it has ended. */
export function observeRequests(tell: (exchange: HttpExchange) => void): RequestFunction {
  return (url, options, callback) => {
    const make = url.protocol === 'https:' ? requestOverHttps : requestOverHttp;
    return observe(make(url, options, callback), url, tell);
  };
}

function observe(request: ClientRequest, url: URL, tell: (exchange: HttpExchange) => void): ClientRequest {
  const at = new Date().toISOString();
  const begun = performance.now();
  let socket: { readonly taken: Socket; readonly before: number } | null = null;
  let status: number | null = null;
  let failure: string | null = null;
  request.once('socket', (taken) => {
    socket = { taken, before: taken.bytesRead };
  });
  request.once('response', ({ statusCode }) => {
    status = statusCode ?? null;
  });
  request.once('error', ({ message }) => {
    failure = message;
  });
  request.once('close', () => {
    tell({
      at,
      method: request.method,
      url: withoutQuery(url),
      status,
      bytes: socket === null ? 0 : socket.taken.bytesRead - socket.before,
      milliseconds: Math.round(performance.now() - begun),
      error: failure,
    });
  });
  return request;
}

function withoutQuery({ origin, pathname, search }: URL): string {
  return `${origin}${pathname}${search === '' ? '' : '?…'}`;
}
