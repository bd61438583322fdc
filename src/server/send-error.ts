import type { FastifyReply } from 'fastify';
import { CACHE_CONTROL, errorDocument } from './site.ts';

/** An answer that is an error: never kept by a cache, and in the form that `--json` prints errors in. */
export function sendError(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return reply
    .code(status)
    .headers({ 'content-type': 'application/json; charset=utf-8', 'cache-control': CACHE_CONTROL.never })
    .send(Buffer.from(errorDocument(code, message)));
}
