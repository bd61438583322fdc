import { describe } from 'vitest';
import { describeUpdates } from './support/describe-updates.ts';
import { appleKit } from './support/mac-kit.ts';
import { IS_MAC, NEEDS_MAC } from './support/where.ts';

describe.skipIf(!IS_MAC)(`the command line updates an app with Apple's tools${NEEDS_MAC}`, () => {
  describeUpdates(appleKit());
});
