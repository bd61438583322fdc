import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Tools } from '../../../src/install/tools.ts';

/** Identifiers of what the tests' packages leave in the Installer's records. */
const NEXY = /^com\.nexy\./;

/** Receipts that this Mac has of Nexy: real ones, where no test has been. */
export async function receiptsOfNexy(tools: Tools): Promise<readonly string[]> {
  const { stdout } = await tools.run('pkgutil', ['--pkgs']);
  return stdout.split('\n').filter((name) => NEXY.test(name));
}

/** @param root the words that make a command run as root */
export async function forgetReceipts(root: readonly string[], tools: Tools): Promise<void> {
  for (const name of await receiptsOfNexy(tools)) {
    const [program = '', ...rest] = [...root, tools.pathOf('pkgutil'), '--forget', name];
    await promisify(execFile)(program, rest);
  }
}
