import { accessSync, constants, realpathSync, type Stats, statSync } from 'node:fs';
import { UpdateError } from '../../../../src/errors.ts';
import { type ImageFormat, readImageFormat } from '../../../../src/image/image-format.ts';
import { systemErrorText, ToolEnd } from '../tool.ts';
import { BadImage, CHUNK, readUdif, type Udif } from './udif.ts';

/** A disk image file that was looked at. */
export interface Image {
  readonly path: string;
  readonly identity: { readonly path: string; readonly device: number; readonly inode: number };
  readonly bytes: number;
  readonly format: ImageFormat;
  readonly udif: Udif | null;
}

/**
 * Opens an image as each of hdiutil's verbs does first.
 *
 * @throws ToolEnd `hdiutil: <verb> failed - <reason>`, status 1 (recorded for attach, imageinfo, verify)
 */
export async function openImage(verb: string, path: string): Promise<Image> {
  try {
    const stats: Stats = statSync(path);
    accessSync(path, constants.R_OK);
    if (!stats.isFile()) throw new BadImage('image not recognized');
    const format = await readImageFormat(path);
    if (format.kind === 'unknown') throw new BadImage(reasonForUnknown(stats.size));
    const udif = format.kind === 'udif' ? await readUdif(path) : null;
    const identity = { path: realpathSync(path), device: stats.dev, inode: stats.ino };
    return { path, identity, bytes: stats.size, format, udif };
  } catch (error) {
    throw failure(verb, error);
  }
}

/** Any failure of a verb in hdiutil's form. */
export function failure(verb: string, error: unknown): ToolEnd {
  if (error instanceof ToolEnd) return error;
  return new ToolEnd(1, `hdiutil: ${verb} failed - ${reasonOf(error)}\n`);
}

function reasonOf(error: unknown): string {
  if (error instanceof BadImage) return error.reason;
  if (!(error instanceof UpdateError)) return systemErrorText(error);
  // hdiutil__attach-authentication-error.txt: no password, or a wrong one.
  if (error.code === 'image-encrypted') return 'Authentication error';
  return error.code === 'disk-full' ? 'No space left on device' : 'no mountable file systems';
}

/** A raw image is a whole number of sectors; anything else is no image at all. */
function reasonForUnknown(bytes: number): string {
  return bytes > 0 && bytes % 512 === 0 ? 'no mountable file systems' : 'image not recognized';
}

/** `image-type` of `hdiutil info`, `Format Description` of `hdiutil imageinfo`, and the four letters. */
export function describeFormat(image: Image): { readonly type: string; readonly letters: string } {
  if (image.udif === null) return { type: 'read/write', letters: 'UDRW' };
  const types = new Set(
    image.udif.partitions.flatMap((partition) => partition.chunks.map((chunk) => chunk.type)),
  );
  for (const [type, name, letters] of COMPRESSIONS)
    if (types.has(type)) return { type: `UDIF read-only compressed (${name})`, letters };
  return { type: 'UDIF read-only', letters: 'UDRO' };
}

const COMPRESSIONS: readonly (readonly [number, string, string])[] = [
  [CHUNK.zlib, 'zlib', 'UDZO'],
  [CHUNK.bzip2, 'bzip2', 'UDBZ'],
  [CHUNK.lzfse, 'lzfse', 'ULFO'],
  [CHUNK.lzma, 'lzma', 'ULMO'],
  [CHUNK.adc, 'ADC', 'UDCO'],
];
