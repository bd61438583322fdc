import { compareVersions, readVersion } from '../../version.ts';
import type { Network } from '../network.ts';
import { isMapping } from '../scenario/merge-patch.ts';
import type { ClientSpec } from '../scenario/scenario.ts';
import { showAddress } from '../show-address.ts';
import { readBuildNumber } from './build-number.ts';
import type { LabClient, LabWorld } from './client.ts';
import { fetchFeed } from './fetch-feed.ts';
import { finishInstall } from './finish-install.ts';
import { replaceApp } from './replace-app.ts';
import { endCheck, runCheck } from './run-check.ts';
import { assertSecureAddress } from './secure-address.ts';
import { showValue } from './show-value.ts';
import { verifyDownload } from './verify-download.ts';

type ManifestSpec = Extract<ClientSpec, { model: 'manifest' }>;
/** A JSON object, with whatever it was given. */
type Document = Readonly<Record<string, unknown>>;

/** Answers after which the same request is made once more, and how often. */
const PASSING: ReadonlySet<number> = new Set([500, 502, 503, 504]);
const RETRIES = 3;

/**
 * A model of the clients before ours that read the manifest, written from their described behaviour. It compares a
 * number, downloads, verifies what it was told to, and installs from the disk image. It knows no `min_os`, no `arch`,
 * no `channel`, does not look at what is inside, and remembers nothing from one check to the next.
 */
export function openManifestClient(spec: ManifestSpec, world: LabWorld, network: Network): LabClient {
  return {
    check: () =>
      runCheck(async () => {
        const manifest = await fetchManifest(world, network);
        await assertNewer(spec, manifest, world);
        const artifact = isMapping(manifest['artifact']) ? manifest['artifact'] : {};
        const url = findAddress(spec, artifact);
        assertSecureAddress(world.host, url, { allowsHttpOnLocalhost: true });
        const bytes = await download(url, world, network);
        verifyDownload(bytes, artifact, spec, world);
        assertDiskImage(spec, artifact, url);
        await replaceApp(world, bytes);
        return finishInstall(world);
      }),
  };
}

async function fetchManifest(world: LabWorld, network: Network): Promise<Document> {
  const { bytes } = await fetchFeed(world, network, 'manifest');
  const document = parseJson(bytes);
  if (isMapping(document)) return document;
  throw endCheck('failed', 'manifest-invalid', 'The manifest is not a JSON object, so nothing is offered.');
}

async function assertNewer(spec: ManifestSpec, manifest: Document, world: LabWorld): Promise<void> {
  const { bundleVersion, version } = await world.mac.installed();
  if (spec.compares === 'integer-build') assertNewerBuild(manifest, bundleVersion, world);
  else assertNewerVersion(manifest, version, world);
}

function assertNewerBuild(manifest: Document, bundleVersion: string, { trace }: LabWorld): void {
  const own = readBuildNumber(bundleVersion);
  const given = 'build' in manifest ? manifest['build'] : 0;
  const offered = readBuildNumber(given);
  if (offered === null) {
    const message = `The manifest's build, ${showValue(given)}, is no whole number. The client logs that and offers nothing; so at every check, as long as builds are written like this.`;
    throw endCheck('failed', 'build-not-a-number', message);
  }
  const installed =
    own === null
      ? `0, which is what ${showValue(bundleVersion)} counts as, being no whole number`
      : String(own);
  if (offered <= (own ?? 0)) {
    throw endCheck('none', 'up-to-date', `Build ${offered} is not above ${installed}.`);
  }
  trace({ kind: 'decision', text: `build ${offered} is above ${installed}` });
}

function assertNewerVersion(manifest: Document, installed: string, { trace }: LabWorld): void {
  const text = manifest['version'];
  const offered = typeof text === 'string' ? readVersion(text) : null;
  const own = readVersion(installed);
  if (offered === null || own === null) {
    const wrong = offered === null ? text : installed;
    const message = `${showValue(wrong)} is not a version, so nothing can be compared and nothing is offered.`;
    throw endCheck('failed', 'version-invalid', message);
  }
  const order = compareVersions(offered, own);
  if (order <= 0) {
    const message = `${offered.text} is ${order === 0 ? 'what is installed' : `older than ${own.text}`}.`;
    throw endCheck('none', order === 0 ? 'up-to-date' : 'older', message);
  }
  trace({ kind: 'decision', text: `version ${offered.text} is above ${own.text}` });
}

function findAddress({ downloads }: ManifestSpec, artifact: Document): string {
  if (downloads !== 'artifact-url') return downloads.address;
  const { url } = artifact;
  if (typeof url === 'string' && url !== '') return url;
  throw endCheck(
    'failed',
    'url-missing',
    'The manifest names no address, and this client has none built in.',
  );
}

async function download(url: string, { host }: LabWorld, network: Network): Promise<Uint8Array> {
  for (let retries = 0; ; retries += 1) {
    const { status, bytes } = await network.fetch(url);
    if (status === 200) return bytes;
    if (PASSING.has(status) && retries < RETRIES) continue;
    const again = retries === 0 ? '' : `, also when asked ${retries} more times`;
    const message = `${showAddress(host, url)} answered ${status}${again}. The next check tries again.`;
    throw endCheck('failed', 'download-failed', message);
  }
}

/** One with a built-in address knows what it fetches; the others go by the manifest. */
function assertDiskImage({ downloads }: ManifestSpec, artifact: Document, url: string): void {
  const isDiskImage =
    downloads === 'artifact-url'
      ? artifact['type'] === 'dmg'
      : new URL(url).pathname.toLowerCase().endsWith('.dmg');
  if (isDiskImage) return;
  const type = showValue(artifact['type']);
  throw endCheck(
    'failed',
    'artifact-type',
    `An artifact of type ${type} cannot be installed by this client.`,
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}
