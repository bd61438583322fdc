import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readArchitectures } from '../../bundle/architectures.ts';
import { type Bundle, executablePath, readBundle } from '../../bundle/bundle.ts';
import { type ErrorCode, UpdateError } from '../../errors.ts';
import { compareBomAndPayload } from '../../image/package-comparison.ts';
import { type PackageComponent, type PackageContents, withPackage } from '../../image/package-contents.ts';
import { listPackagedApps, type PackagedApp, unpackFromApp } from '../../image/packaged-app.ts';
import { type ReadableImage, withImage } from '../../image/read-image.ts';
import { quote } from '../../quote.ts';
import { removeTree } from '../../remove-tree.ts';
import type { AssetName } from '../asset.ts';

/** What an artifact's app says of itself. */
export interface ArtifactPayload
  extends Pick<Bundle, 'bundleId' | 'shortVersion' | 'bundleVersion' | 'minimumSystemVersion'> {
  /** As `lipo -archs` names them; null for a program that is no Mach-O, or that could not be looked at. */
  readonly architectures: readonly string[] | null;
}

export type ArtifactInspection =
  | { readonly isReadable: true; readonly payload: ArtifactPayload; readonly warnings: readonly string[] }
  /** It is no image or package that can be read here, so nothing is known of it. */
  | { readonly isReadable: false; readonly reason: string };

export type ArtifactName = Exclude<AssetName, 'LATEST_CHANGES.md'>;

/** Headers of a Mach-O file that name its processors (`readArchitectures` reads no more). */
const PROGRAM_HEAD_BYTES = 4096;

/**
 * Looks into an artifact with 7-Zip, reading on demand: nothing is attached, installed or run.
 *
 * @param path where it can be opened, e.g. `/dev/fd/20` for a file that is open already
 * @throws UpdateError for what clients refuse: `image-encrypted`, `payload-not-found`, `payload-ambiguous`,
 *   `payload-incompatible`; and `disk-full`
 */
export async function inspectArtifact(name: ArtifactName, path: string): Promise<ArtifactInspection> {
  const folder = await mkdtemp(join(tmpdir(), 'nexy-release-'));
  try {
    const inspect = name === 'Nexy.dmg' ? inspectImage : inspectPackage;
    return { isReadable: true, ...(await inspect(name, path, folder)) };
  } catch (error) {
    if (!(error instanceof UpdateError)) throw error;
    if (error.code === 'image-unreadable') return { isReadable: false, reason: reasonOf(error) };
    if (error.code === 'image-encrypted')
      throw refuse(name, 'image-encrypted', 'it is an encrypted disk image, which asks for a password');
    throw error;
  } finally {
    await removeTree(folder);
  }
}

/** Without the path that it was opened by. */
function reasonOf({ details, message }: UpdateError): string {
  return typeof details['reason'] === 'string' ? details['reason'] : message;
}

type Findings = Omit<Extract<ArtifactInspection, { isReadable: true }>, 'isReadable'>;

/** As a client finds it (step 3 of an install): one app at the top level, or else one package. */
function inspectImage(name: ArtifactName, path: string, folder: string): Promise<Findings> {
  return withImage(path, async (image) => {
    const top = image.listing.entries.filter((entry) => /^[^./][^/]*$/.test(entry.path));
    const apps = top.filter((entry) => entry.kind === 'folder' && entry.path.endsWith('.app'));
    const packages = top.filter((entry) => entry.kind === 'file' && entry.path.endsWith('.pkg'));
    const [app, another] = apps.length > 0 ? apps : packages;
    if (app === undefined) throw refuse(name, 'payload-not-found', 'it contains no app');
    if (another !== undefined)
      throw refuse(
        name,
        'payload-ambiguous',
        `it contains more than one app (${quote(app.path)} and ${quote(another.path)})`,
      );
    const copy = join(folder, app.kind === 'file' ? 'inner.pkg' : 'Nexy.app');
    if (app.kind === 'folder') return inspectImagedApp(name, image, app.path, copy);
    await image.copyFile(app.path, copy, Number.POSITIVE_INFINITY);
    return inspectPackage(name, copy, folder);
  });
}

async function inspectImagedApp(
  name: ArtifactName,
  image: ReadableImage,
  app: string,
  copy: string,
): Promise<Findings> {
  const has = (inner: string): boolean =>
    image.listing.entries.some((entry) => entry.kind === 'file' && entry.path === `${app}/${inner}`);
  return inspectApp(name, copy, async (inner) => {
    if (!has(inner)) return false;
    await mkdir(dirname(join(copy, inner)), { recursive: true, mode: 0o700 });
    const longest = inner === INFO_PLIST ? Number.POSITIVE_INFINITY : PROGRAM_HEAD_BYTES;
    await image.copyFile(`${app}/${inner}`, join(copy, inner), longest);
    return true;
  });
}

function inspectPackage(name: ArtifactName, path: string, folder: string): Promise<Findings> {
  return withPackage(path, async (contents) => {
    const [app, another] = listPackagedApps(contents);
    if (another !== undefined) throw refuse(name, 'payload-ambiguous', 'it installs more than one app');
    if (app === undefined) return inspectDescribed(name, contents);
    const copy = join(folder, 'Nexy.app');
    const { payload, warnings } = await inspectApp(name, copy, (inner) => unpackFromApp(app, inner, copy));
    return { payload, warnings: [...warnings, ...warningsOf(name, contents, app, payload)] };
  });
}

const INFO_PLIST = 'Contents/Info.plist';

async function inspectApp(
  name: ArtifactName,
  copy: string,
  unpack: (inner: string) => Promise<boolean>,
): Promise<Findings> {
  if (!(await unpack(INFO_PLIST)))
    throw refuse(name, 'payload-not-found', 'what is called an app in it has no Info.plist');
  const bundle = await readBundle(copy).catch(() => {
    throw refuse(name, 'payload-incompatible', 'the Info.plist of its app cannot be read');
  });
  const program = executablePath(bundle);
  const hasProgram = program !== null && (await unpack(program.slice(copy.length + 1)));
  const { bundleId, shortVersion, bundleVersion, minimumSystemVersion } = bundle;
  const architectures = program !== null && hasProgram ? await readArchitectures(program) : null;
  return {
    payload: { bundleId, shortVersion, bundleVersion, minimumSystemVersion, architectures },
    warnings: hasProgram
      ? []
      : [`The app in ${name} has no program that could be started. Clients refuse it.`],
  };
}

/** A payload that cannot be unpacked here (e.g. an Apple Archive): what the package says of it has to do. */
function inspectDescribed(name: ArtifactName, { components }: PackageContents): Findings {
  const packed = components.filter(({ payload }) => payload === null);
  if (packed.length === 0) throw refuse(name, 'payload-not-found', 'it installs no app');
  const [app, another] = packed
    .flatMap(({ bundles }) => bundles)
    .filter(({ path }) => /^(?:[^/]+\/)*[^/]+\.app$/.test(path) && !/\.app\//.test(path));
  if (app === undefined || another !== undefined)
    throw new UpdateError('image-unreadable', 'Its payload is packed in a way that cannot be read here.', {
      details: { reason: 'its payload is packed in a way that cannot be read here' },
    });
  const { id: bundleId, shortVersion, bundleVersion } = app;
  return {
    payload: { bundleId, shortVersion, bundleVersion, minimumSystemVersion: null, architectures: null },
    warnings: [
      `The payload of ${name} is packed in a way that cannot be read here: only what the package says of its app was checked. Clients refuse such a package.`,
    ],
  };
}

/** What clients stumble over when they judge a package (step 7 of an install), or its receipt shows wrongly. */
function warningsOf(
  name: ArtifactName,
  contents: PackageContents,
  { component, path, place }: PackagedApp,
  { shortVersion, bundleVersion }: ArtifactPayload,
): readonly string[] {
  const described = component.bundles.find((one) => one.path === path);
  const isMisdescribed =
    described !== undefined &&
    ((described.shortVersion ?? shortVersion) !== shortVersion ||
      (described.bundleVersion ?? bundleVersion) !== bundleVersion);
  const isRelocatable = contents.components.some((one) => one.isRelocatable);
  const isInApplications = /^\/Applications\/[^/]+\.app$/.test(place);
  const isMixedUp = contents.components.some((one) => compareBomAndPayload(one).length > 0);
  const refused = 'Clients refuse such a package.';
  return [
    ...(isMisdescribed ? [`${name} describes its app with another version than it has. ${refused}`] : []),
    ...(isRelocatable
      ? [`${name} may be installed to wherever an older copy lies (it is relocatable). ${refused}`]
      : []),
    ...(isInApplications
      ? []
      : [
          `${name} installs to ${quote(place)}: only clients whose app lies there take it, others refuse it.`,
        ]),
    ...(isMixedUp ? [`The bill of materials of ${name} and its contents disagree. ${refused}`] : []),
    ...receiptWarning(name, component, [shortVersion, bundleVersion]),
  ];
}

/** pkgbuild(1) writes 0 where it is given no version for the package itself. */
function receiptWarning(
  name: ArtifactName,
  { version }: PackageComponent,
  own: readonly (string | null)[],
): readonly string[] {
  if (version === null || version === '0' || own.includes(version)) return [];
  return [`${name} will leave a receipt for ${quote(version)}, which is not the version of its app.`];
}

/** The error for an artifact that no client would install. */
export function refuse(
  name: AssetName,
  code: ErrorCode,
  reason: string,
  details: Readonly<Record<string, unknown>> = {},
): UpdateError {
  return new UpdateError(
    code,
    `Nothing was published: clients would refuse ${name}, since ${reason}. Build it again.`,
    { details: { asset: name, ...details } },
  );
}
