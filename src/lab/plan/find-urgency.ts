import { startsOn } from '../run/judge.ts';
import type { ClientSpec } from '../scenario/scenario.ts';
import { type CurrentOffer, wholeBuildOf } from './current-offers.ts';
import { ignoresMinimum } from './plan-releases.ts';

/**
 * What the current offer does to clients for as long as it is there, as sentences; null where it may stay until the
 * transition release takes its place.
 */
export function findUrgency(
  { offered, assessment, lie }: CurrentOffer,
  clients: readonly ClientSpec[],
): string | null {
  const { promised } = offered;
  if (lie !== null)
    return `What it offers is ${lie}: old clients download and install that again at every check, ours refuse it.`;
  const harmed = clients.filter(
    (each) => ignoresMinimum(each) && !startsOn(each.macos, promised?.minimumOs ?? ''),
  );
  if (promised !== null && harmed.length > 0)
    return `What it offers needs macOS ${promised.minimumOs}. Clients that do not look at min_os may install it on an older Mac (here ${harmed.map(({ name }) => name).join(', ')}), where it does not start, and no update mends that.`;
  const build = wholeBuildOf(offered);
  if (promised !== null && build !== null && String(build) !== promised.bundleVersion)
    return `Its "build" is ${build}, and the app inside has CFBundleVersion ${promised.bundleVersion}: clients that compare the two may install it again at every check.`;
  const refused = assessment.findings.find(({ severity }) => severity === 'reject');
  return refused === undefined
    ? null
    : `Our client refuses it (${refused.code}), and old ones may download it in vain at every check.`;
}
