/**
 * An app that has an update ready and quits: quit-child.ts <what as JSON>. Prints what came of it, as JSON, and ends.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { verifyFile } from '../../src/download/verify-file.ts';
import { asUpdateError } from '../../src/errors.ts';
import { layoutOf } from '../../src/install/layout.ts';
import { prepareInstall } from '../../src/install/prepare.ts';
import type { QuitExchange } from '../../src/install/prepared-install.ts';
import { Tools } from '../../src/install/tools.ts';
import { parseVersion } from '../../src/version.ts';
import { BUNDLE_ID } from './update-world.ts';

export interface QuitPlan {
  readonly app: string;
  readonly image: string;
  readonly tools: string;
  readonly cacheFolder: string;
  readonly stateFolder: string;
  readonly relaunches: boolean;
  /** `fail`: somebody puts another app in place before the exchange. */
  readonly does: 'exchange' | 'abandon' | 'fail';
}

const plan = JSON.parse(process.argv[2] ?? 'null') as QuitPlan;
const bytes = readFileSync(plan.image);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const prepared = await prepareInstall(await verifyFile(plan.image, { size: bytes.length, sha256 }), {
  ...plan,
  tools: new Tools(plan.tools),
  layout: await layoutOf(plan.app),
  type: 'dmg',
  bundleId: BUNDLE_ID,
  offered: parseVersion('2.0.0.46'),
  current: parseVersion('2.0.0.45'),
  from: '2.0.0.45',
  allowDowngrade: false,
  machine: { systemVersion: null, architecture: null, hasRosetta: null },
  verifiesSignature: false,
  refusesRunningTarget: false,
  warn: () => undefined,
  now: () => new Date(),
});
console.log(JSON.stringify(await quit(await prepared.prepareForQuit(plan))));

async function quit(exchange: QuitExchange): Promise<unknown> {
  try {
    if (plan.does === 'abandon') {
      await exchange.abandon();
      // Ready as before.
      await (await prepared.prepareForQuit({ relaunches: false })).abandon();
      return await prepared.install({ relaunches: false });
    }
    if (plan.does === 'fail') {
      renameSync(plan.app, `${plan.app}.aside`);
      mkdirSync(plan.app);
    }
    exchange.exchangeNow();
    return 'exchanged';
  } catch (error) {
    return asUpdateError(error).code;
  }
}
