import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outputOf, Tools } from '../../src/install/tools.ts';
import {
  type ContractRow,
  FIXTURES_FOLDER,
  type RowTrial,
  type Scene,
  tryContractRow,
} from '../macos-tools/contract.ts';
import { detachBelow } from './support/attached-images.ts';
import { type RowReport, writeContractReport } from './support/contract-report.ts';
import { forgetReceipts, receiptsOfNexy } from './support/receipts.ts';
import { standingOf } from './support/row-standing.ts';
import { IS_MAC, NEEDS_MAC, rootWords } from './support/where.ts';

const folder = fileURLToPath(new URL('../macos-tools/contract/', import.meta.url));
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -'.ts'.length))
  .sort();
const tools = new Tools();
const root = IS_MAC ? rootWords() : null;
const mayUseRoot = root !== null && (await receiptsOfNexy(tools)).length === 0;
const facts = {
  hasFixtures: FIXTURES_FOLDER !== null,
  assesses: IS_MAC && outputOf(await tools.run('spctl', ['--status'])).includes('assessments enabled'),
  mayUseRoot,
};
const reports: RowReport[] = [];

/** Nothing of a row stays on this Mac. */
async function cleanUp({ folder: place, temporary }: Scene): Promise<void> {
  await detachBelow([place, temporary], tools);
  if (mayUseRoot && root !== null) await forgetReceipts(root, tools);
}

function tryRow(row: ContractRow): Promise<RowTrial> {
  return tryContractRow(row, 'apple', { cleanUp, isRoot: row.needs?.includes('root') === true });
}

for (const name of names) {
  const { rows }: { rows: readonly ContractRow[] } = await import(`../macos-tools/contract/${name}.ts`);
  describe.skipIf(!IS_MAC)(`Apple's ${name}${NEEDS_MAC}`, () => {
    for (const row of rows) {
      const { standing, reason } = standingOf(row, facts);
      it(`${row.name} (${standing}${reason === '' ? '' : `: ${reason}`})`, async ({ skip }) => {
        const trial = standing === 'not tried' ? null : await tryRow(row);
        reports.push({ row, standing, reason, trial });
        if (trial === null) return skip(reason);
        if (standing === 'asserted') expect(trial.differences, JSON.stringify(trial.result)).toEqual([]);
      });
    }
  });
}

beforeAll(() => {
  if (IS_MAC && FIXTURES_FOLDER === null) {
    process.stdout.write('Without ../shared/fixtures most rows are observed only.\n');
  }
});
afterAll(() => {
  if (IS_MAC) process.stdout.write(`What the tools said: ${writeContractReport(reports)}\n`);
});
