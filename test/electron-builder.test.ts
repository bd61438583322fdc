import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { REPOSITORY } from './support/fixtures.ts';

const { pkg, mac } = parse(readFileSync(join(REPOSITORY, 'electron-builder.yml'), 'utf8'));

it('packages go to /Applications and nowhere else: a relocatable one follows older copies, and is refused', () => {
  expect(pkg.installLocation).toBe('/Applications');
  expect(pkg.isRelocatable).toBe(false);
});

it('packages replace what is there: one with checked versions leaves a newer app alone, and is called a success', () => {
  expect(pkg.isVersionChecked).toBe(false);
});

it('packages are for all users of a Mac: one for a home folder alone is refused', () => {
  expect(pkg.allowRootDirectory ?? true).toBe(true);
});

it('is signed with the hardened runtime, without which nothing is notarized', () => {
  expect(mac.hardenedRuntime).toBe(true);
});
