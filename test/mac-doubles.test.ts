import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { describeUpdates } from './mac/support/describe-updates.ts';
import { doublesKit } from './mac/support/mac-kit.ts';
import { canMakeImages } from './support/make-image.ts';
import { makeMac } from './support/make-mac.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

// So that what runs on a Mac only (test/mac) has run before.
describe.skipIf(!canMakeImages() || process.platform === 'darwin')(
  `the command line updates an app with the doubles of Apple's tools${skipped}`,
  () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'nexy-mac-tools-')));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    describeUpdates(doublesKit(makeMac(join(folder, 'tools'), {})));
  },
);
