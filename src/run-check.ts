import { readBundle } from './bundle/bundle.ts';
import { installedVersion, versionOfBundle } from './bundle/bundle-version.ts';
import type { Decision, Facts } from './check/decide.ts';
import type { PretendedFacts } from './check/facts.ts';
import type { FailedStart } from './check/refusals.ts';
import type { Channel } from './config.ts';
import type { HttpSettings } from './http.ts';
import type { Machine } from './install/machine.ts';
import type { Tools } from './install/tools.ts';
import type { Assessment, AssessPolicy } from './manifest/assess.ts';
import type { Version } from './version.ts';

/** What is installed: an app on disk, or a version that somebody asks "what if" for. */
export type CheckTarget = { readonly app: string } | { readonly version: string };

export interface CheckOptions {
  /** URL of the manifest, or the manifest itself with the name it goes by. */
  readonly source: string | { readonly bytes: Uint8Array; readonly name: string };
  /** The channel that is asked for; null where the manifest's own counts. */
  readonly channel: Channel | null;
  readonly policy: AssessPolicy;
  readonly http: HttpSettings;
  readonly stateFolder: string;
  /** Replaces the folders of Apple's tools; null for Apple's own. */
  readonly toolsFolder: string | null;
  /** Replaces Apple's tools altogether, for the lab. */
  readonly tools?: Tools;
  readonly target: CheckTarget;
  readonly isManual: boolean;
  readonly allowDowngrade: boolean;
  readonly pretended?: PretendedFacts;
  readonly now?: () => Date;
  readonly signal?: AbortSignal;
  readonly warn: (message: string) => void;
}

export interface Check {
  readonly assessment: Assessment;
  readonly decision: Decision;
  /** As the decision saw them, with what was pretended. */
  readonly facts: Facts;
  readonly currentVersion: Version;
  /** The Mac as it is, whatever was pretended. */
  readonly machine: Machine;
}

/**
 * One check, from URL to decision: fetch the manifest, judge it, gather the facts, decide.
 *
 * @throws UpdateError `manifest-unreachable`, `app-not-found`, `version-invalid`, `cancelled`.
 */
export async function runCheck(options: CheckOptions): Promise<Check> {
  const [{ assessManifest }, { decide }, { gatherFacts }, { Tools }, { readMachine }] = await Promise.all([
    import('./manifest/assess.ts'),
    import('./check/decide.ts'),
    import('./check/facts.ts'),
    import('./install/tools.ts'),
    import('./install/machine.ts'),
  ]);
  const tools = options.tools ?? new Tools(options.toolsFolder);
  // An app that is not there needs no request.
  const currentVersion = await readCurrentVersion(options.target);
  const [{ bytes, name }, machine, place, failedStarts] = await Promise.all([
    readManifest(options),
    readMachine(tools),
    readPlace(options.target, tools),
    readFailures(options.target),
  ]);
  const assessment = assessManifest(bytes, options.policy, { channel: options.channel, fileName: name });
  const { facts, warnings } = await gatherFacts(
    {
      readCurrentVersion: async () => currentVersion,
      readMacosVersion: async () => machine.systemVersion,
      readHardware: async () => ({
        architecture: machine.architecture,
        hasRosetta: machine.hasRosetta ?? true,
      }),
      readPlace: async () => place,
    },
    {
      manifest: assessment.manifest,
      stateFolder: options.stateFolder,
      isManual: options.isManual,
      allowDowngrade: options.allowDowngrade,
      failedStarts,
      now: options.now ?? (() => new Date()),
      ...(options.pretended === undefined ? {} : { pretended: options.pretended }),
    },
  );
  for (const warning of warnings) options.warn(warning);
  return { assessment, decision: decide(assessment, facts), facts, currentVersion, machine };
}

async function readManifest(
  options: CheckOptions,
): Promise<{ readonly bytes: Uint8Array; readonly name: string }> {
  const { source, stateFolder, http, signal } = options;
  if (typeof source !== 'string') return source;
  const { fetchManifest } = await import('./check/fetch-manifest.ts');
  const whenCancelled = signal === undefined ? {} : { signal };
  const { bytes, warnings } = await fetchManifest({ url: source, stateFolder, http, ...whenCancelled });
  for (const warning of warnings) options.warn(warning);
  return { bytes, name: source };
}

async function readCurrentVersion(target: CheckTarget): Promise<Version> {
  const text = 'version' in target ? target.version : versionOfBundle(await readBundle(target.app));
  return installedVersion(text);
}

async function readPlace(
  target: CheckTarget,
  tools: Tools,
): Promise<{ readonly isReadOnlyVolume: boolean; readonly isTranslocated: boolean }> {
  if ('version' in target) return { isReadOnlyVolume: false, isTranslocated: false };
  const [{ layoutOf }, { readTargetPlace }] = await Promise.all([
    import('./install/layout.ts'),
    import('./install/preflight.ts'),
  ]);
  return readTargetPlace(await layoutOf(target.app), tools);
}

async function readFailures(target: CheckTarget): Promise<readonly FailedStart[]> {
  if ('version' in target) return [];
  const [{ layoutOf }, { readFailedStarts }] = await Promise.all([
    import('./install/layout.ts'),
    import('./install/failed-starts.ts'),
  ]);
  const found = await readFailedStarts(await layoutOf(target.app));
  return found.map(({ sha256, at }) => ({
    sha256: sha256.toLowerCase(),
    kind: 'failed-start',
    rememberedAt: at,
  }));
}
