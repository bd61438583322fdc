import { execFile } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { serialize } from '@plist/plist';
import { compileProgram } from './compile-program.ts';
import { makeMachO } from './make-mach-o.ts';

/** A small app to be made: layout and Info.plist as Electron's apps have them. */
export interface AppPlan {
  /** Existing folder that the bundle is put into. */
  readonly folder: string;
  /** File name of the bundle; `Nexy.app` when left out. */
  readonly bundleName?: string;
  readonly bundleId: string;
  readonly shortVersion?: string;
  readonly bundleVersion?: string;
  readonly minimumSystemVersion?: string;
  readonly executable: ExecutablePlan;
  readonly plistFormat?: 'xml' | 'binary';
  /** Contents by path relative to the bundle, e.g. `Contents/Resources/app.asar`. */
  readonly extraFiles?: Readonly<Record<string, string | Uint8Array>>;
  /** Targets of symbolic links by path relative to the bundle. */
  readonly links?: Readonly<Record<string, string>>;
  /** A versioned framework and a helper app inside, as Electron has them. */
  readonly hasFramework?: boolean;
  /** Signature, ad hoc where no identity is given; false leaves the app unsigned. */
  readonly sign?: SignPlan | false;
  /** Whether a notarization ticket is stapled to it. */
  readonly isNotarized?: boolean;
  /** Folder that holds `codesign`; `/usr/bin` on a Mac. */
  readonly tools: string;
}

export interface SignPlan {
  /** Designated requirement; the usual one when left out. */
  readonly requirement?: string;
  /** Name of an identity and the file that holds it (`writeKeychain`). */
  readonly identity?: { readonly name: string; readonly keychain: string };
}

export type ExecutablePlan =
  | { readonly kind: 'script'; readonly text: string }
  | { readonly kind: 'mach-o'; readonly architectures: readonly ('arm64' | 'x86_64')[] };

/**
 * Makes an app bundle and signs it through `codesign`, nested code first.
 *
 * @returns path of the bundle
 * @throws what the file system or codesign says
 */
export async function makeApp(plan: AppPlan): Promise<string> {
  const app = join(plan.folder, plan.bundleName ?? 'Nexy.app');
  const name = basename(app, '.app');
  const contents = join(app, 'Contents');
  await writeBundle(contents, name, {
    info: infoOf(plan, name),
    format: plan.plistFormat ?? 'xml',
    executable: plan.executable,
  });
  await writeTree(app, { 'Contents/PkgInfo': 'APPL????' });
  await writeTree(app, { 'Contents/Resources/electron.icns': 'not a picture\n' });
  const nested = plan.hasFramework === true ? await writeFramework(contents, plan) : [];
  await writeTree(app, plan.extraFiles ?? {});
  for (const [path, target] of Object.entries(plan.links ?? {})) {
    await mkdir(dirname(join(app, path)), { recursive: true });
    await symlink(target, join(app, path));
  }
  if (plan.sign === false) return app;
  const { requirement: _, ...signer } = plan.sign ?? {};
  for (const path of nested) await codesign(plan.tools, path, signer);
  await codesign(plan.tools, app, plan.sign ?? {});
  // stapler(1) puts the ticket there afterwards: nothing seals it.
  if (plan.isNotarized === true) await writeTree(app, { 'Contents/CodeResources': 'not a ticket of Apple' });
  return app;
}

/** @throws when codesign does not exit with 0; its words are in the error */
async function codesign(tools: string, path: string, { requirement, identity }: SignPlan): Promise<void> {
  const requirements = requirement === undefined ? [] : ['--requirements', `=designated => ${requirement}`];
  const signer = identity === undefined ? ['-'] : [identity.name, '--keychain', identity.keychain];
  await promisify(execFile)(join(tools, 'codesign'), ['--force', '--sign', ...signer, ...requirements, path]);
}

function infoOf(plan: AppPlan, name: string): Record<string, string> {
  return {
    CFBundleDisplayName: name,
    CFBundleExecutable: name,
    CFBundleIdentifier: plan.bundleId,
    CFBundleInfoDictionaryVersion: '6.0',
    CFBundleName: name,
    CFBundlePackageType: 'APPL',
    ...(plan.shortVersion === undefined ? {} : { CFBundleShortVersionString: plan.shortVersion }),
    ...(plan.bundleVersion === undefined ? {} : { CFBundleVersion: plan.bundleVersion }),
    ...(plan.minimumSystemVersion === undefined ? {} : { LSMinimumSystemVersion: plan.minimumSystemVersion }),
  };
}

interface BundleContent {
  readonly info: Readonly<Record<string, string>>;
  readonly format: 'xml' | 'binary';
  readonly executable: ExecutablePlan;
}

async function writeBundle(contents: string, name: string, content: BundleContent): Promise<void> {
  await mkdir(join(contents, 'MacOS'), { recursive: true });
  await writePlist(join(contents, 'Info.plist'), content.info, content.format);
  await writeExecutable(join(contents, 'MacOS', name), content.executable);
}

/** `X Framework.framework` with its links, and `X Helper.app`: returns both, in the order to be signed. */
async function writeFramework(contents: string, plan: AppPlan): Promise<readonly string[]> {
  const framework = join(contents, 'Frameworks', 'Electron Framework.framework');
  const version = join(framework, 'Versions', 'A');
  await mkdir(join(version, 'Resources', 'en.lproj'), { recursive: true });
  await writeFile(join(version, 'Resources', 'en.lproj', 'locale.pak'), 'not a package\n');
  await writePlist(
    join(version, 'Resources', 'Info.plist'),
    {
      CFBundleExecutable: 'Electron Framework',
      CFBundleIdentifier: `${plan.bundleId}.framework`,
      CFBundlePackageType: 'FMWK',
    },
    'xml',
  );
  await writeExecutable(join(version, 'Electron Framework'), plan.executable);
  await symlink('A', join(framework, 'Versions', 'Current'));
  await symlink('Versions/Current/Resources', join(framework, 'Resources'));
  await symlink('Versions/Current/Electron Framework', join(framework, 'Electron Framework'));

  const helper = join(contents, 'Frameworks', 'Nexy Helper.app');
  const info = { ...infoOf(plan, 'Nexy Helper'), CFBundleIdentifier: `${plan.bundleId}.helper` };
  await writeBundle(join(helper, 'Contents'), 'Nexy Helper', {
    info,
    format: 'xml',
    executable: plan.executable,
  });
  return [framework, helper];
}

async function writeExecutable(path: string, plan: ExecutablePlan): Promise<void> {
  await writeFile(path, await contentOf(plan));
  await chmod(path, 0o755);
}

/** On a Mac a Mach-O program is a real one: Apple's codesign has an eye on more than the doubles. */
async function contentOf(plan: ExecutablePlan): Promise<string | Uint8Array> {
  if (plan.kind === 'script') return plan.text;
  return process.platform === 'darwin' ? compileProgram(plan.architectures) : makeMachO(plan.architectures);
}

async function writeTree(root: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

async function writePlist(
  path: string,
  dictionary: Readonly<Record<string, string>>,
  format: 'xml' | 'binary',
): Promise<void> {
  // Numbers are PlistFormat of @plist/common, which @plist/plist does not export.
  const content =
    format === 'xml' ? serialize({ ...dictionary }, 1) : new Uint8Array(serialize({ ...dictionary }, 0));
  await writeFile(path, content);
}
