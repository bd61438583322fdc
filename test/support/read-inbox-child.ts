/** Reads an inbox as the command does, and streams it; prints what memory that took, in MiB. */
import { inspectInChild } from '../../src/cli/release/inspect-in-child.ts';
import { readInbox } from '../../src/release/inbox/inbox.ts';
import { parseVersion } from '../../src/version.ts';
import { BUNDLE_ID } from './update-world.ts';

const peak = (): number => Math.round(process.resourceUsage().maxRSS / 1024);

const [folder = '', version = ''] = process.argv.slice(2);
const before = peak();
const inbox = await readInbox(folder, {
  version: parseVersion(version),
  minimumOs: null,
  bundleId: BUNDLE_ID,
  inspect: inspectInChild,
});
let bytes = 0;
for (const asset of inbox.assets) for await (const piece of asset.openStream()) bytes += piece.length;
await inbox.close();
process.stdout.write(JSON.stringify({ bytes, grown: peak() - before, architecture: inbox.architecture }));
