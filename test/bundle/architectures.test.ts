import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readArchitectures } from '../../src/bundle/architectures.ts';

const folder = mkdtempSync(join(tmpdir(), 'nexy-architectures-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(bytes: Uint8Array) {
  const path = join(folder, 'program');
  writeFileSync(path, bytes);
  return readArchitectures(path);
}

function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    buffer.writeUInt32BE(value, index * 4);
  });
  return buffer;
}

const X86_64 = [0x01000007, 3] as const;
const ARM64 = [0x0100000c, 0] as const;
const ARM64E = [0x0100000c, 0x80000002] as const;

describe('architectures of a program', () => {
  it('reads a thin one in either byte order', async () => {
    expect(await read(words(0xfeedfacf, ...ARM64, 2))).toEqual(['arm64']);
    expect(await read(words(0xfeedfacf, ...X86_64, 2).swap32())).toEqual(['x86_64']);
  });

  it('reads a universal one in the order of the file', async () => {
    const slice = (cpu: readonly number[]) => [...cpu, 4096, 100, 12];
    expect(await read(words(0xcafebabe, 2, ...slice(X86_64), ...slice(ARM64)))).toEqual(['x86_64', 'arm64']);
    expect(await read(words(0xcafebabe, 2, ...slice(X86_64), ...slice(ARM64E)))).toEqual([
      'x86_64',
      'arm64e',
    ]);
  });

  it('takes a script, an empty file and a Java class for none', async () => {
    expect(await read(Buffer.from('#!/bin/sh\nexec sleep 5\n'))).toBeNull();
    expect(await read(Buffer.alloc(0))).toBeNull();
    expect(await read(words(0xcafebabe, 0x00000041, 0x00100a00, 0))).toBeNull();
  });

  it('never fails on any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
        const found = await read(bytes);
        expect(found === null || found.length > 0).toBe(true);
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
        await read(Buffer.concat([words(0xcafebabe), bytes]));
      }),
    );
  });
});
