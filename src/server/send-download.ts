import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ShelvedFile } from './download-shelf.ts';
import { chooseRange, isNotModified } from './negotiate.ts';
import { type OpenFile, openFile } from './open-file.ts';
import { sendError } from './send-error.ts';
import { CACHE_CONTROL } from './site.ts';

const TYPES: Readonly<Record<string, string>> = {
  dmg: 'application/x-apple-diskimage',
  md: 'text/markdown; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  json: 'application/json; charset=utf-8',
};

const CHUNK = 256 * 1024;

/**
 * Sends a file of the downloads folder, or the part of it that is asked for. Written here and not left to
 * `@fastify/static`: that follows links and gives weak entity tags, with which no download can be resumed (RFC 9110,
 * 13.1.5); this sends the very state of the file whose sha256 the tag names, or nothing.
 *
 * @param onChanged called where the file is no longer what was hashed
 */
export async function sendDownload(
  file: ShelvedFile,
  request: FastifyRequest,
  reply: FastifyReply,
  onChanged: () => void,
): Promise<FastifyReply> {
  const opened = file.sha256 === null ? null : await openAsHashed(file);
  if (opened === null) {
    if (file.sha256 !== null) onChanged();
    reply.header('retry-after', '2');
    return sendError(reply, 503, 'not-ready', 'This file is being looked at. Ask again in a moment.');
  }
  const { handle } = opened;
  const etag = `"${file.sha256}"`;
  const { size, modified } = file;
  reply.headers({
    'cache-control': CACHE_CONTROL.revalidate,
    etag,
    'last-modified': modified.toUTCString(),
    'accept-ranges': 'bytes',
  });
  const isWholeWanted = request.method !== 'GET';
  if (isNotModified(request.headers, etag, modified)) {
    await handle.close();
    return reply.code(304).send();
  }
  const range = isWholeWanted ? null : chooseRange(request.headers, { size, etag, modified });
  if (range === 'unsatisfiable') {
    await handle.close();
    reply.header('content-range', `bytes */${size}`);
    return sendError(reply, 416, 'range-not-satisfiable', `The file has ${size} bytes.`);
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  reply.headers({
    'content-type': TYPES[extension(file.name)] ?? 'application/octet-stream',
    'content-length': String(last - first + 1),
  });
  if (range !== null) reply.code(206).header('content-range', `bytes ${first}-${last}/${size}`);
  if (request.method === 'HEAD' || size === 0) {
    await handle.close();
    return reply.send();
  }
  return reply.send(handle.createReadStream({ start: first, end: last, highWaterMark: CHUNK }));
}

async function openAsHashed({ path, identity }: ShelvedFile): Promise<OpenFile | null> {
  const opened = await openFile(path).catch(() => null);
  if (opened === null || opened.identity === identity) return opened;
  await opened.handle.close();
  return null;
}

function extension(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase();
}
