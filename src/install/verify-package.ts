// provisional

import { judgePackage } from './judge-package.ts';
import type { PrepareOptions } from './prepare.ts';
export async function verifyPackage(
  path: string,
  options: PrepareOptions,
): Promise<{
  receipts: readonly { identifier: string; version: string }[];
  bundle: { shortVersion: string | null; bundleVersion: string | null };
}> {
  await judgePackage(path, options.layout, options.bundleId);
  return { receipts: [], bundle: { shortVersion: null, bundleVersion: null } };
}
