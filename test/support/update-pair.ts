import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { AppPlan } from './make-app.ts';
import { describeTree } from './tree.ts';
import { makeDmg, makeNexy } from './update-world.ts';

export const OLD_VERSION = '2.0.0.45';
export const NEW_VERSION = '2.0.0.46';

/** An app, and the disk image of its next version. */
export interface UpdatePair {
  readonly oldApp: string;
  readonly newApp: string;
  readonly image: string;
  readonly oldTree: readonly string[];
  readonly newTree: readonly string[];
}

/** Made once for a file of tests, and gone after it. */
export async function makeUpdatePair(plan: Partial<AppPlan> = {}): Promise<UpdatePair> {
  const folder = mkdtempSync(join(tmpdir(), 'nexy-pair-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['old', 'new']) mkdirSync(join(folder, name));
  const oldApp = await makeNexy(join(folder, 'old'), OLD_VERSION, plan);
  const newApp = await makeNexy(join(folder, 'new'), NEW_VERSION, plan);
  const image = await makeDmg(join(folder, 'new'), join(folder, 'Nexy.dmg'));
  return { oldApp, newApp, image, oldTree: describeTree(oldApp), newTree: describeTree(newApp) };
}
