/** An encoding in which a prepared answer may be sent. */
export type Encoding = 'identity' | 'gzip' | 'br';

/**
 * The encoding to answer with (RFC 9110, 12.5.3): the smallest of those that the client accepts. Who names none, as
 * old clients do, gets the bytes as they are.
 *
 * @param header `Accept-Encoding`
 * @param offered smallest first; `identity` is always there
 */
export function chooseEncoding(header: string | undefined, offered: readonly Encoding[]): Encoding {
  if (header === undefined || offered.length === 0) return 'identity';
  const weights = new Map<string, number>();
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((each) => each.trim());
    const quality = parameters.find((each) => each.startsWith('q='))?.slice('q='.length);
    weights.set(name === 'x-gzip' ? 'gzip' : name, quality === undefined ? 1 : Number(quality) || 0);
  }
  const weightOf = (encoding: Encoding): number => weights.get(encoding) ?? weights.get('*') ?? 0;
  return offered.find((encoding) => encoding !== 'identity' && weightOf(encoding) > 0) ?? 'identity';
}

export interface Conditions {
  readonly 'if-none-match'?: string | undefined;
  readonly 'if-modified-since'?: string | undefined;
}

/**
 * Whether the client has it already (RFC 9110, 13.2.2): `If-None-Match` decides where it is sent, and only else the
 * date, which has to be the very one that we gave: a file that was put back is older than the one it replaced.
 *
 * @param etag as it is sent, with its quotes
 */
export function isNotModified(conditions: Conditions, etag: string, modified: Date | null): boolean {
  const wanted = conditions['if-none-match'];
  if (wanted !== undefined) {
    return (
      wanted.trim() === '*' || wanted.split(',').some((each) => each.trim().replace(/^W\//, '') === etag)
    );
  }
  const since = conditions['if-modified-since'];
  return since !== undefined && modified !== null && modified.toUTCString() === since.trim();
}

/** First and last byte, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export interface RangeConditions {
  readonly range?: string | undefined;
  readonly 'if-range'?: string | undefined;
}

/**
 * The part that a client asks for (RFC 9110, 14.2): null for the whole, also where the header is not one that has to
 * be understood (other units, several ranges, nonsense) or where `If-Range` names another state of the file.
 *
 * @param size of the file, in bytes
 */
export function chooseRange(
  conditions: RangeConditions,
  file: { readonly size: number; readonly etag: string; readonly modified: Date },
): ByteRange | 'unsatisfiable' | null {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(conditions.range?.replaceAll(/[ \t]/g, '') ?? '');
  if (match === null) return null;
  const validator = conditions['if-range']?.trim();
  if (validator !== undefined && validator !== file.etag && validator !== file.modified.toUTCString()) {
    return null;
  }
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return null;
  if (from === '') {
    const length = Math.min(Number(to), file.size);
    return length === 0 ? 'unsatisfiable' : { first: file.size - length, last: file.size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? file.size - 1 : Math.min(Number(to), file.size - 1);
  if (to !== '' && Number(to) < first) return null;
  return first >= file.size ? 'unsatisfiable' : { first, last };
}
