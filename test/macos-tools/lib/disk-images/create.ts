import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ToolEnd } from '../tool.ts';
import { oneOperand, parseArguments } from './arguments.ts';
import { IMAGE_FORMATS, type ImageFormat } from './compress-chunk.ts';
import { failure } from './image.ts';
import { BadImage } from './udif.ts';
import { writeDiskImage } from './udif-writer.ts';

/** hdiutil(1), "create": what a source folder can be given. */
const OPTIONS: Readonly<Record<string, number>> = {
  srcfolder: 1,
  srcdir: 1,
  volname: 1,
  fs: 1,
  fsargs: 1,
  format: 1,
  ov: 0,
  layout: 1,
  anyowners: 0,
  skipunreadable: 0,
  noanyowners: 0,
  noskipunreadable: 0,
  atomic: 0,
  noatomic: 0,
  nospotlight: 0,
  scrub: 0,
  noscrub: 0,
  copyuid: 1,
  size: 1,
  megabytes: 1,
  sectors: 1,
  type: 1,
};

/** `hdiutil create -srcfolder`: a real UDIF image with an HFS Plus volume, made with xorriso. */
export async function create(toolArguments: readonly string[]): Promise<number> {
  const parsed = parseArguments('create', OPTIONS, toolArguments);
  const value = (name: string) => parsed.options.get(name)?.[0];
  const given = oneOperand('create', parsed);
  const output = resolve(/\.(?:dmg|sparseimage|cdr)$/.test(given) ? given : `${given}.dmg`);
  const source = value('srcfolder') ?? value('srcdir');
  if (source === undefined) throw refuse('it makes images from a folder only (-srcfolder)');
  const format = value('format') ?? 'UDZO';
  if (!isImageFormat(format)) throw refuse(`it does not write the format ${format}`);
  const fileSystem = value('fs') ?? 'HFS+';
  // Nothing on Linux writes APFS without a kernel module.
  if (!/^(?:JHFS\+|HFS\+J?)$/i.test(fileSystem))
    throw refuse(`it does not make ${fileSystem} volumes, only HFS+`);
  try {
    if (!statSync(source).isDirectory()) throw new BadImage('Not a directory');
    if (existsSync(output) && !parsed.options.has('ov')) throw new BadImage('File exists');
    const folder = mkdtempSync(join(dirname(output), '.image-'));
    try {
      const volume = join(folder, 'volume');
      makeVolume(resolve(source), value('volname') ?? basename(resolve(source)), folder, volume);
      const image = join(folder, 'image.dmg');
      await writeDiskImage({ volume, fileSystem: 'hfs', output: image, format });
      renameSync(image, output);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    if (!parsed.options.has('quiet')) process.stdout.write(`created: ${output}\n`);
    return 0;
  } catch (error) {
    throw failure('create', error);
  }
}

function refuse(reason: string): ToolEnd {
  return new ToolEnd(1, `hdiutil: create: not possible with this double: ${reason}\n`);
}

function isImageFormat(format: string): format is ImageFormat {
  return IMAGE_FORMATS.some((known) => known === format);
}

/** xorriso makes an ISO file system with an HFS Plus one inside; that one is cut out. */
function makeVolume(source: string, name: string, folder: string, volume: string): void {
  const hybrid = join(folder, 'hybrid.iso');
  try {
    execFileSync(
      'xorriso',
      ['-as', 'mkisofs', '-hfsplus', '-iso-level', '4', '-R', '-quiet', '-V', name, '-o', hybrid, source],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing) throw refuse('it needs xorriso (Debian package "xorriso")');
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new ToolEnd(1, `hdiutil: create failed - xorriso: ${words}\n`);
  }
  cutVolume(hybrid, volume);
}

function cutVolume(hybrid: string, volume: string): void {
  const file = openSync(hybrid, 'r');
  try {
    const map = Buffer.alloc(64 * 512);
    readSync(file, map, 0, map.length, 0);
    for (let at = 512; at + 512 <= map.length && map.toString('latin1', at, at + 2) === 'PM'; at += 512) {
      if (!map.toString('latin1', at + 48, at + 80).startsWith('Apple_HFS')) continue;
      copyRange(hybrid, volume, map.readUInt32BE(at + 8) * 512, map.readUInt32BE(at + 12) * 512);
      return;
    }
    throw new BadImage('xorriso made no HFS+ volume');
  } finally {
    closeSync(file);
  }
}

function copyRange(from: string, to: string, offset: number, length: number): void {
  const input = openSync(from, 'r');
  const output = openSync(to, 'wx');
  try {
    const piece = Buffer.alloc(1024 * 1024);
    for (let done = 0; done < length; ) {
      const count = readSync(input, piece, 0, Math.min(piece.length, length - done), offset + done);
      if (count === 0) throw new BadImage('xorriso made an incomplete volume');
      for (let written = 0; written < count; ) written += writeSync(output, piece, written, count - written);
      done += count;
    }
  } finally {
    closeSync(output);
    closeSync(input);
  }
}
