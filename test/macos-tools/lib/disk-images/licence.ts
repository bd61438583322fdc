import { readSync } from 'node:fs';
import { ToolEnd } from '../tool.ts';
import type { Udif } from './udif.ts';

/**
 * Shows the licence agreement of an image and waits for `Y`. The text comes on stdout, before any plist; without
 * an answer the attach is "canceled" (hdiutil__attach-plist-eula-refused.txt, hdiutil__attach-canceled.txt).
 */
export function agreeToLicence(image: Udif): void {
  const text = readLicence(image);
  if (text === null) return;
  // The whole of a successful transcript was not found; the prompt is named in the recordings' README.
  process.stdout.write(`${text.replace(/\n*$/, '')}\n\nAgree Y/N? `);
  if (!/^\s*y(?:es)?\s*$/i.test(readLine())) throw new ToolEnd(1, 'hdiutil: attach canceled\n');
}

/** First resource of an agreement: `LPic` tells the default language, number 0 of which is 5000. */
const FIRST_ID = 5000;

function readLicence(image: Udif): string | null {
  const defaults = image.resources.get('LPic')?.get(FIRST_ID);
  if (defaults === undefined) return null;
  const wanted = defaults.length >= 2 ? defaults.readInt16BE(0) : 0;
  const languages = defaults.length >= 4 ? defaults.readInt16BE(2) : 0;
  let offset = 0;
  for (let index = 0; index < languages && 10 + index * 6 <= defaults.length; index += 1)
    if (defaults.readInt16BE(4 + index * 6) === wanted) offset = defaults.readInt16BE(6 + index * 6);
  for (const [type, read] of [
    ['TEXT', readText],
    ['RTF ', readRichText],
  ] as const) {
    const texts = image.resources.get(type);
    const bytes = texts?.get(FIRST_ID + offset) ?? texts?.values().next().value;
    if (bytes !== undefined) return read(bytes);
  }
  return '';
}

function readText(bytes: Buffer): string {
  return new TextDecoder('macintosh').decode(bytes).replaceAll(/\r\n?/g, '\n');
}

function readRichText(bytes: Buffer): string {
  return readText(bytes)
    .replaceAll(/\{\\(?:fonttbl|colortbl|\*)[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g, '')
    .replaceAll(/\\par[d]?\b ?/g, '\n')
    .replaceAll(/\\'([0-9a-f]{2})/gi, (_, hex: string) => readText(Buffer.from(hex, 'hex')))
    .replaceAll(/\\[a-z]+-?\d* ?|[{}]/gi, '')
    .trim();
}

function readLine(): string {
  const bytes: number[] = [];
  const one = Buffer.alloc(1);
  for (;;) {
    try {
      if (readSync(0, one, 0, 1, null) === 0 || one[0] === 10) break;
      bytes.push(one[0] ?? 0);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code === 'EOF') break;
      // Standard input may be a pipe that does not block.
      if (code !== 'EAGAIN') break;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
  return Buffer.from(bytes).toString('utf8');
}
