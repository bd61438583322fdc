/**
 * Draws the menu bar's icon, an N, as template images: black, with how much of it as alpha, so that macOS colours it
 * for light, dark and highlighted menu bars. Writes resources/trayTemplate.png and trayTemplate@2x.png.
 *
 *   node scripts/draw-tray-icons.ts [--output <folder>]
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';

const { values } = parseArgs({
  options: { output: { type: 'string', default: join(import.meta.dirname, '..', 'resources') } },
});

/** Points. Menu bars give an icon 22, and 18 leave some air around it. */
const SIZE = 18;
/** Samples on each side of a pixel. */
const FINENESS = 8;

/** The N stands in a square from 0 to 1; its strokes are this wide. */
const STROKE = 0.15;
const LEFT = 0.18;
const RIGHT = 0.82;
const TOP = 0.14;
const BOTTOM = 0.86;

function isInk(x: number, y: number): boolean {
  if (y < TOP || y > BOTTOM || x < LEFT || x > RIGHT) return false;
  if (x <= LEFT + STROKE || x >= RIGHT - STROKE) return true;
  // The diagonal: as wide, measured across it.
  const slope = (BOTTOM - TOP) / (RIGHT - LEFT - STROKE);
  const middle = TOP + (x - LEFT - STROKE / 2) * slope;
  return Math.abs(y - middle) <= (STROKE / 2) * Math.hypot(1, slope);
}

function coverage(column: number, row: number, size: number): number {
  let ink = 0;
  for (let across = 0; across < FINENESS; across += 1) {
    for (let down = 0; down < FINENESS; down += 1) {
      const x = (column + (across + 0.5) / FINENESS) / size;
      const y = (row + (down + 0.5) / FINENESS) / size;
      if (isInk(x, y)) ink += 1;
    }
  }
  return ink / FINENESS ** 2;
}

/** A PNG (ISO/IEC 15948): grey and alpha, 8 bits each, every row without a filter. */
function drawPng(size: number): Buffer {
  const rows = Array.from({ length: size }, (_, row) => {
    const pixels = Array.from({ length: size }, (__, column) => [
      0,
      Math.round(coverage(column, row, size) * 255),
    ]);
    return Buffer.from([0, ...pixels.flat()]);
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 4, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

writeFileSync(join(values.output, 'trayTemplate.png'), drawPng(SIZE));
writeFileSync(join(values.output, 'trayTemplate@2x.png'), drawPng(SIZE * 2));
