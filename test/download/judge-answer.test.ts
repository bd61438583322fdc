import { describe, expect, it } from 'vitest';
import { judgeAnswer, type Question, readStrongEtag } from '../../src/download/judge-answer.ts';

const whole: Question = { offset: 0, etag: null, size: 1000, isVersionTag: false, now: 0 };
const rest: Question = { ...whole, offset: 400, etag: '"a"' };
const part = { 'content-range': 'bytes 400-999/1000', 'content-length': '600', etag: '"a"' };

describe('judgeAnswer', () => {
  it.each<[string, number, Record<string, string>, Question, object]>([
    ['whole', 200, { etag: '"a"', 'content-length': '1000' }, whole, { kind: 'start-over', etag: '"a"' }],
    ['whole, length unknown', 200, {}, whole, { kind: 'start-over', etag: null }],
    ['whole for a part', 200, { etag: '"b"' }, rest, { kind: 'start-over', etag: '"b"' }],
    ['weak ETag', 200, { etag: 'W/"a"' }, whole, { kind: 'start-over', etag: null }],
    ['too short', 200, { 'content-length': '999' }, whole, { code: 'size-mismatch', mayWalkOn: true }],
    ['gzip', 200, { 'content-encoding': 'gzip' }, whole, { code: 'size-mismatch', mayWalkOn: true }],
    ['identity said', 200, { 'content-encoding': 'Identity' }, whole, { kind: 'start-over' }],
    ['the rest', 206, part, rest, { kind: 'continue' }],
    [
      'the rest, total unknown',
      206,
      { ...part, 'content-range': 'bytes 400-999/*' },
      rest,
      { kind: 'continue' },
    ],
    [
      'another total',
      206,
      { ...part, 'content-range': 'bytes 400-999/1001' },
      rest,
      { code: 'size-mismatch' },
    ],
    ['length against range', 206, { ...part, 'content-length': '601' }, rest, { code: 'size-mismatch' }],
    ['another start', 206, { ...part, 'content-range': 'bytes 0-999/1000' }, rest, { kind: 'ask-again' }],
    [
      'less than the rest',
      206,
      { ...part, 'content-range': 'bytes 400-998/1000' },
      rest,
      { kind: 'ask-again' },
    ],
    ['no range', 206, { etag: '"a"' }, rest, { kind: 'ask-again' }],
    ['several ranges', 206, { 'content-type': 'multipart/byteranges' }, rest, { kind: 'ask-again' }],
    ['another ETag', 206, { ...part, etag: '"b"' }, rest, { kind: 'ask-again' }],
    ['a weak one', 206, { ...part, etag: 'W/"a"' }, rest, { kind: 'ask-again' }],
    ['a part encoded', 206, { ...part, 'content-encoding': 'br' }, rest, { code: 'size-mismatch' }],
    ['a part unasked', 206, part, whole, { code: 'download-failed', mayWalkOn: false }],
    ['416 for a part', 416, {}, rest, { kind: 'ask-again' }],
    ['416 for the whole', 416, {}, whole, { code: 'download-failed', mayWalkOn: false }],
    ['404', 404, {}, whole, { code: 'download-failed', mayWalkOn: true }],
    [
      '404 of a version tag',
      404,
      {},
      { ...whole, isVersionTag: true },
      { code: 'not-published', mayWalkOn: true },
    ],
    [
      '410 of a version tag',
      410,
      {},
      { ...whole, isVersionTag: true },
      { code: 'download-failed', mayWalkOn: true },
    ],
    ['403', 403, {}, whole, { code: 'download-failed', mayWalkOn: false }],
    ['401', 401, {}, whole, { code: 'download-failed', mayWalkOn: false }],
    ['a redirect without a target', 302, {}, whole, { code: 'download-failed', mayWalkOn: false }],
    ['408', 408, {}, whole, { kind: 'retry', retryAfter: null }],
    ['429', 429, { 'retry-after': '3' }, whole, { kind: 'retry', retryAfter: 3000 }],
    [
      '503',
      503,
      { 'retry-after': 'Thu, 01 Jan 1970 00:00:09 GMT' },
      whole,
      { kind: 'retry', retryAfter: 9000 },
    ],
    ['500', 500, { 'retry-after': '-1' }, whole, { kind: 'retry' }],
    ['501', 501, {}, whole, { kind: 'retry' }],
    ['599', 599, {}, whole, { kind: 'retry' }],
  ])('%s', (_, status, headers, question, expected) => {
    expect(judgeAnswer(status, headers, question)).toMatchObject(expected);
  });
});

describe('readStrongEtag', () => {
  it.each([
    ['"0x8DD"', '"0x8DD"'],
    ['""', '""'],
    ['W/"a"', null],
    ['a', null],
    ['"a', null],
    ['"a" , "b"', null],
  ])('%s', (etag, expected) => {
    expect(readStrongEtag({ etag })).toBe(expected);
  });
});
