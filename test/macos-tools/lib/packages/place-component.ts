import { existsSync } from 'node:fs';
import { basename, join, normalize } from 'node:path';
import { readBundle } from '../../../../src/bundle/bundle.ts';
import type { PackageComponent } from '../../../../src/image/package-contents.ts';
import type { PackageBundle } from '../../../../src/image/package-info.ts';
import { compareVersions, readVersion } from '../../../../src/version.ts';
import { readMachine } from '../tool.ts';

/** Where one component's paths go, and which of them not at all. */
export interface Placement {
  readonly destination: string;
  /** Old bundles that are taken away first. */
  readonly replaced: readonly string[];
  /** Absolute path of a payload's path; null for one that is left out. */
  placeOf(path: string): string | null;
}

/**
 * Decides as the Installer does: a relocatable bundle goes to where this Mac knows an older copy of it, and a bundle
 * whose version is checked is left out, without a word, where a newer one is in place.
 */
export async function placeComponent(component: PackageComponent, volume: string): Promise<Placement> {
  const destination = normalize(join(volume, component.installLocation));
  const moved = new Map<string, string>();
  const leftOut: string[] = [];
  const replaced: string[] = [];
  for (const bundle of component.bundles) {
    const usual = join(destination, bundle.path);
    const known = component.relocates.includes(bundle.id ?? '') ? await knownCopy(bundle, usual) : null;
    if (known !== null) moved.set(bundle.path, known);
    const place = known ?? usual;
    const isChecked = component.versionChecked.includes(bundle.id ?? '');
    if (isChecked && (await isNewerInPlace(place, bundle))) leftOut.push(bundle.path);
    else if (existsSync(place)) replaced.push(place);
  }
  return {
    destination,
    replaced,
    placeOf(path) {
      if (leftOut.some((bundle) => isBelow(path, bundle))) return null;
      for (const [bundle, place] of moved)
        if (isBelow(path, bundle)) return join(place, path.slice(bundle.length));
      return join(destination, path);
    },
  };
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

async function knownCopy(bundle: PackageBundle, usual: string): Promise<string | null> {
  for (const path of readMachine().knownBundles ?? []) {
    if (path === usual || basename(path) === '') continue;
    const found = await readBundle(path).catch(() => null);
    if (found !== null && found.bundleId === bundle.id) return path;
  }
  return null;
}

async function isNewerInPlace(place: string, { bundleVersion }: PackageBundle): Promise<boolean> {
  const found = await readBundle(place).catch(() => null);
  const [installed, offered] = [found?.bundleVersion, bundleVersion].map((text) => readVersion(text ?? ''));
  return installed != null && offered != null && compareVersions(installed, offered) > 0;
}
