import { type Decision, decide, type Facts } from '../check/decide.ts';
import { fetchManifest } from '../check/fetch-manifest.ts';
import { hasInstallationId } from '../check/installation-id.ts';
import { ROLLOUT_BUCKETS } from '../check/rollout-bucket.ts';
import type { Channel } from '../config.ts';
import { UpdateError } from '../errors.ts';
import type { HttpSettings } from '../http.ts';
import { readJournalLines } from '../install/journal.ts';
import { layoutOf } from '../install/layout.ts';
import type { Assessment, AssessPolicy } from '../manifest/assess.ts';
import { readUrl } from '../manifest/release-url.ts';
import { type Check, runCheck } from '../run-check.ts';
import { readVersion } from '../version.ts';
import { describeCheck, describeFacts } from './describe-facts.ts';
import type { NetworkEntry, QaModel, QaRequest } from './window-contract.ts';

export interface QaSettings {
  readonly app: string;
  readonly stateFolder: string;
  readonly toolsFolder: string | null;
  readonly policy: AssessPolicy;
  readonly http: HttpSettings;
  readonly manifestUrls: Readonly<Record<Channel, string>>;
}

/**
 * A check as QA wants it: what is pretended reaches the decision, and nothing else does. Nothing is kept of it, not
 * even the manifest, and the updater never hears of it.
 *
 * @returns what came of it; a failure is part of that
 */
export async function runQaCheck(request: QaRequest, settings: QaSettings): Promise<QaModel> {
  const network: NetworkEntry[] = [];
  const manifestUrl = request.manifestUrl ?? settings.manifestUrls[request.channel];
  const journal = await readJournalLines(await layoutOf(settings.app));
  const common = { network, journal, manifestUrl };
  try {
    const check = await checkLikeThis(manifestUrl, request, {
      ...settings,
      http: { ...settings.http, onExchange: (exchange) => network.push(exchange) },
    });
    const { decision, facts } = decideLikeThis(check, request);
    return {
      ...common,
      ...describeCheck(check.assessment, decision),
      facts: describeFacts(facts, request),
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const decision = { action: 'failed', reason: 'manifest-rejected' as const, message };
    return { ...common, decision, facts: [], findings: [], candidates: [] };
  }
}

async function checkLikeThis(url: string, request: QaRequest, settings: QaSettings): Promise<Check> {
  assertAllowed(url, settings);
  const { app, stateFolder, toolsFolder, policy, http } = settings;
  const { bytes } = await fetchManifest({ url, stateFolder: null, http });
  const { bucket, osVersion } = request;
  // An id that is not there yet is not made for this: the last bucket is what every rollout reaches last.
  const rolloutBucket = bucket ?? ((await hasInstallationId(stateFolder)) ? null : ROLLOUT_BUCKETS - 1);
  return runCheck({
    source: { bytes, name: url },
    channel: request.channel,
    policy,
    http,
    stateFolder,
    toolsFolder,
    target: { app },
    isManual: false,
    allowDowngrade: false,
    pretended: {
      ...(osVersion === null ? {} : { macosVersion: osVersion }),
      ...(rolloutBucket === null ? {} : { rolloutBucket }),
    },
    warn: () => undefined,
  });
}

/** @throws UpdateError `usage` for a manifest from anywhere else than what the app trusts */
function assertAllowed(url: string, { policy, manifestUrls }: QaSettings): void {
  const origin = URL.parse(url)?.origin;
  const isOwn = Object.values(manifestUrls).some((own) => URL.parse(own)?.origin === origin);
  const { insecurity, isHostForeign, release } = readUrl(url, policy);
  const isOfOwner = release === null || release.owner.toLowerCase() === policy.owner.toLowerCase();
  if (insecurity === null && (isOwn || !isHostForeign) && isOfOwner) return;
  throw new UpdateError(
    'usage',
    `${insecurity ?? `The manifest at ${URL.parse(url)?.host} is not of a host that this app trusts.`} Nothing was fetched. Give one from the update host, an allowed host, or a release of ${policy.owner}.`,
  );
}

function decideLikeThis(
  { assessment, facts }: Check,
  { passesOver, currentVersion }: QaRequest,
): { readonly decision: Decision; readonly facts: Facts } {
  const pretendedVersion = currentVersion === null ? null : readVersion(currentVersion);
  const seen: Facts = {
    ...facts,
    ...(pretendedVersion === null ? {} : { currentVersion: pretendedVersion }),
    ...(passesOver.skip ? { skippedVersion: null } : {}),
  };
  return {
    decision: decide(passesOver.rollout ? withoutRollout(assessment) : assessment, seen),
    facts: seen,
  };
}

function withoutRollout(assessment: Assessment): Assessment {
  const { manifest } = assessment;
  return manifest === null ? assessment : { ...assessment, manifest: { ...manifest, rollout: null } };
}
