import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder of the doubles of Apple's tools. */
const DOUBLES = fileURLToPath(new URL('../macos-tools', import.meta.url));

/** Whether disk images can be made here: on a Mac, and where xorriso is installed (Debian package `xorriso`). */
export function canMakeImages(): boolean {
  return (
    process.platform === 'darwin' || spawnSync('xorriso', ['-version'], { stdio: 'ignore' }).status === 0
  );
}

export interface ImageOptions {
  readonly sourceFolder: string;
  readonly volumeName: string;
  /** Path of the image; what is there is replaced. */
  readonly output: string;
  /**
   * UDZO (zlib) when left out. UDBZ bzip2, ULFO LZFSE, ULMO LZMA, UDRO uncompressed, UDRW raw without a trailer.
   */
  readonly format?: 'UDZO' | 'UDBZ' | 'ULFO' | 'ULMO' | 'UDRO' | 'UDRW';
  /** Folder of the tools; Apple's on a Mac and the doubles elsewhere when left out. */
  readonly tools?: string;
}

/** Makes a disk image (HFS Plus) of a folder with `hdiutil create`. Throws with hdiutil's words. */
export function makeImage(options: ImageOptions): string {
  const tools = options.tools ?? (process.platform === 'darwin' ? '/usr/bin' : DOUBLES);
  const { sourceFolder, volumeName, output, format = 'UDZO' } = options;
  execFileSync(
    `${tools}/hdiutil`,
    [
      'create',
      '-srcfolder',
      sourceFolder,
      '-volname',
      volumeName,
      '-fs',
      'HFS+',
      '-format',
      format,
      '-ov',
      '-quiet',
      output,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  return output;
}

/** A file that has the mark of an encrypted image: `encrcdsa` at its beginning, or the older `cdsaencr` at its end. */
export function makeEncryptedLookingImage(output: string, version: 1 | 2 = 2): string {
  const bytes = Buffer.alloc(64 * 1024, 0x5a);
  bytes.write(version === 2 ? 'encrcdsa' : 'cdsaencr', version === 2 ? 0 : bytes.length - 8, 'latin1');
  writeFileSync(output, bytes);
  return output;
}

/** Cuts a file to a length in bytes; a negative length counts from its end. */
export function truncateFile(path: string, length: number): void {
  withFile(path, (file, size) => ftruncateSync(file, length < 0 ? size + length : length));
}

/** Flips one bit of a file; a negative offset counts from its end. */
export function flipBit(path: string, offset: number, bit = 0): void {
  withFile(path, (file, size) => {
    const at = offset < 0 ? size + offset : offset;
    const byte = Buffer.alloc(1);
    if (readSync(file, byte, 0, 1, at) !== 1) throw new Error(`${path} has no byte ${at}`);
    byte.writeUInt8(byte.readUInt8(0) ^ (1 << bit));
    writeSync(file, byte, 0, 1, at);
  });
}

function withFile(path: string, use: (file: number, size: number) => void): void {
  const file = openSync(path, 'r+');
  try {
    use(file, fstatSync(file).size);
  } finally {
    closeSync(file);
  }
}
