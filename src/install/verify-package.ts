import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Bundle, executablePath, readBundle } from '../bundle/bundle.ts';
import { UpdateError } from '../errors.ts';
import { compareBomAndPayload } from '../image/package-comparison.ts';
import { type PackageContents, withPackage } from '../image/package-contents.ts';
import { type PackagedApp, unpackFromApp } from '../image/packaged-app.ts';
import { quote } from '../quote.ts';
import { removeTree } from '../remove-tree.ts';
import type { Version } from '../version.ts';
import type { Layout } from './layout.ts';
import { assertDistributionFits } from './package-distribution.ts';
import { assertInstallsOnlyAt, findPackagedApp } from './package-location.ts';
import { refuse } from './package-refusal.ts';
import { type PackageSigner, readInstalledTeam, verifyPackageSignature } from './package-signature.ts';
import { verifyPackageGatekeeper } from './signature.ts';
import { cancelled, type Tools } from './tools.ts';
import { type Expectation, verifyPayload } from './verify-payload.ts';

export interface VerifyPackageOptions extends Expectation {
  readonly tools: Tools;
  readonly layout: Layout;
  readonly bundleId: string;
  /** False only for `--no-codesign`. */
  readonly verifiesSignature: boolean;
  readonly signal?: AbortSignal;
  readonly warn: (message: string) => void;
}

const verified = Symbol('verified package');

/**
 * A package that would put the promised version of the right app exactly at the target, and nothing else anywhere,
 * made by those who made the installed app. Only `verifyPackage` makes one.
 */
export interface VerifiedPackage {
  readonly [verified]: true;
  readonly path: string;
  /** What will be read at the target once it is installed; its path is the target. */
  readonly bundle: Bundle;
  readonly version: Version;
  /** What the Installer will remember, one for each component that installs anything (`pkgutil --pkg-info`). */
  readonly receipts: readonly ExpectedReceipt[];
  /** It runs programs of its own as root. */
  readonly runsScripts: boolean;
  /** Null only for `--no-codesign`. Its team has to sign whatever is really installed. */
  readonly signer: PackageSigner | null;
  /** Whether Gatekeeper's no has to be heeded; false for `--no-codesign`. */
  readonly isGatekeeperMandatory: boolean;
}

export interface ExpectedReceipt {
  readonly identifier: string;
  readonly version: string;
}

/**
 * Everything about a package that can be told before it is installed (DESIGN.md section 6, step 7): who signed it, what
 * it holds, where that would go, and whether it is what the manifest promised.
 *
 * @throws UpdateError `signature-invalid`, `requirement-mismatch`, `gatekeeper-rejected`, `image-unreadable`,
 *   `payload-not-found`, `payload-ambiguous`, `bundle-id-mismatch`, `pkg-wrong-location`, `payload-version-mismatch`,
 *   `payload-incompatible`, `disk-full`, `cancelled`
 */
export async function verifyPackage(path: string, options: VerifyPackageOptions): Promise<VerifiedPackage> {
  assertName(path);
  const trust = await verifyTrust(path, options);
  return withPackage(path, async (contents) => {
    if (options.signal?.aborted) throw cancelled();
    assertReadable(path, contents);
    const app = findPackagedApp(contents);
    const bundle = await verifyApp(app, options);
    assertInstallsOnlyAt(options.layout.target, contents);
    assertListed(contents);
    assertDistributionFits(contents, app.component.member, options.machine);
    assertAgrees(app, bundle);
    const runsScripts = contents.components.some(({ hasScripts }) => hasScripts);
    warnOf(contents, runsScripts, options);
    return {
      [verified]: true,
      path,
      bundle: { ...bundle, path: options.layout.target },
      version: options.offered,
      receipts: receiptsOf(contents),
      runsScripts,
      ...trust,
    };
  });
}

/** Tools print the name among their findings, line by line. */
function assertName(path: string): void {
  const isPlain = [...basename(path)].every((letter) => letter >= ' ' && letter !== '\u007f');
  if (!isPlain) throw refuse('image-unreadable', 'its name holds line breaks or the like');
}

type Trust = Pick<VerifiedPackage, 'signer' | 'isGatekeeperMandatory'>;

async function verifyTrust(path: string, options: VerifyPackageOptions): Promise<Trust> {
  const { layout, verifiesSignature, warn } = options;
  if (!verifiesSignature) {
    warn('The signature of the package was not checked, as you asked. It will be installed with all rights.');
    return { signer: null, isGatekeeperMandatory: false };
  }
  const team = await readInstalledTeam(layout.target, options);
  const signer = await verifyPackageSignature(path, team, options);
  return { signer, isGatekeeperMandatory: await verifyPackageGatekeeper(path, layout.target, options) };
}

/** What cannot be looked into is not installed. */
function assertReadable(path: string, { components }: PackageContents): void {
  for (const component of components) {
    const name = component.member === '' ? basename(path) : component.member;
    const { payload, bom, scriptFiles } = component;
    if (payload === null || scriptFiles === null)
      throw refuse('image-unreadable', `${name} in it is packed in a way that cannot be read`);
    if (bom === null && payload.length > 0)
      throw refuse('image-unreadable', `${name} in it has no bill of materials`);
  }
}

function assertListed({ components }: PackageContents): void {
  const disagreements = components.flatMap(compareBomAndPayload);
  const [first] = disagreements;
  if (first === undefined) return;
  throw refuse(
    'image-unreadable',
    `its bill of materials and its contents disagree about ${quote(first.path)}`,
    { disagreements: disagreements.slice(0, 20) },
  );
}

/** Judges the app's own words, not the package's about it: Info.plist and program are unpacked for that. */
async function verifyApp(app: PackagedApp, options: VerifyPackageOptions): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), 'nexy-payload-'));
  try {
    const copy = join(folder, basename(app.path));
    if (!(await unpackFromApp(app, 'Contents/Info.plist', copy)))
      throw refuse('payload-not-found', 'what is called an app in it is none');
    const bundle = await readBundle(copy);
    if (bundle.bundleId !== options.bundleId)
      throw refuse(
        'bundle-id-mismatch',
        `it installs ${bundle.bundleId ?? 'an app without a bundle id'}, not ${options.bundleId}`,
        { expected: options.bundleId, found: bundle.bundleId },
      );
    if (app.place !== options.layout.target)
      throw refuse('pkg-wrong-location', `it installs to ${app.place}, not to ${options.layout.target}`, {
        target: options.layout.target,
        place: app.place,
      });
    const program = executablePath(bundle);
    if (program !== null) await unpackFromApp(app, program.slice(copy.length + 1), copy);
    await verifyPayload(bundle, options);
    return bundle;
  } finally {
    await removeTree(folder);
  }
}

/** The package's words about the app: the Installer goes by these. */
function assertAgrees({ component, path }: PackagedApp, bundle: Bundle): void {
  const described = component.bundles.find((one) => one.path === path);
  if (described === undefined) return;
  const pairs = [
    ['bundle-id-mismatch', described.id, bundle.bundleId],
    ['payload-version-mismatch', described.shortVersion, bundle.shortVersion],
    ['payload-version-mismatch', described.bundleVersion, bundle.bundleVersion],
  ] as const;
  for (const [code, said, found] of pairs)
    if (said !== null && said !== found)
      throw refuse(code, `it says that it installs ${said}, and it holds ${found ?? 'none'}`, {
        said,
        found: [found].filter((one) => one !== null),
      });
}

function warnOf(
  { components, distribution }: PackageContents,
  runsScripts: boolean,
  options: VerifyPackageOptions,
): void {
  const isUnknown = !options.verifiesSignature;
  if (isUnknown && (runsScripts || distribution?.checks.allowsExternalScripts === true))
    options.warn('The package runs programs of its own as root, and nobody checked who made them.');
  const action = components.find(({ postinstallAction }) => !['none', null].includes(postinstallAction));
  if (action !== undefined)
    options.warn(`The package asks for a ${action.postinstallAction} once it is installed.`);
  if (components.some(({ versionChecked }) => versionChecked.length > 0) && options.allowDowngrade)
    options.warn(
      'The Installer may leave parts of the app as they are where they are newer than the package.',
    );
}

/** Where nothing is installed, nothing is remembered (pkgbuild(1), --nopayload). */
function receiptsOf({ components }: PackageContents): readonly ExpectedReceipt[] {
  return components.flatMap(({ identifier, version, payload }) => {
    if ((payload ?? []).length === 0) return [];
    if (identifier === null || version === null)
      throw new UpdateError(
        'image-unreadable',
        'The package was not installed: it does not say what it is. Nothing was changed. The release team has to publish it again.',
      );
    return { identifier, version };
  });
}
