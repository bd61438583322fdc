import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SCRIPT = join(import.meta.dirname, '..', '..', 'scripts', 'build-renderer.ts');

describe('scripts/build-renderer.ts', () => {
  it('makes files that need nothing else and no policy exceptions', async () => {
    const folder = join(await temporaryFolder(), 'new', 'renderer');
    await promisify(execFile)(process.execPath, [SCRIPT, '--output', folder]);
    expect((await readdir(folder)).toSorted()).toEqual([
      'LICENSES.txt',
      'index.html',
      'window.css',
      'window.js',
    ]);
    const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
    const [html, style, script] = await Promise.all([
      read('index.html'),
      read('window.css'),
      read('window.js'),
    ]);
    expect(html.match(/(?:src|href)="[^"]*"/g)).toEqual(['href="window.css"', 'src="window.js"']);
    expect(html).not.toMatch(/<style|style=|<script(?! src)|\son\w+=/);
    expect(style).not.toMatch(/url\(|@import|@font-face/);
    expect(/\beval\(|new Function\(|\brequire\(|\bfrom"node:/.exec(script)?.[0]).toBe(undefined);
    const licenses = await read('LICENSES.txt');
    for (const library of ['dompurify', 'marked', 'preact', 'valibot']) {
      expect(licenses).toMatch(new RegExp(`^${library} \\d+\\.\\d+\\.\\d+ \\(.+\\)$`, 'm'));
    }
    expect(licenses).toContain('Permission is hereby granted');
    // Opened while people wait.
    expect(script.length).toBeLessThan(300_000);
  });
});
