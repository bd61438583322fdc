import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { PackageComponent, PackageContents } from './package-contents.ts';
import type { PayloadEntry } from './package-payload.ts';

/** An app in a payload, and the component that brings it. */
export interface PackagedApp {
  readonly component: PackageComponent;
  /** Below the install location, as the payload has it. */
  readonly path: string;
  /** Where it would be installed. */
  readonly place: string;
}

/** The apps that a package installs, those within other apps left out. */
export function listPackagedApps({ components }: PackageContents): readonly PackagedApp[] {
  return components.flatMap((component) =>
    [...new Set((component.payload ?? []).flatMap(({ path }) => outermostApp(path) ?? []))].map(
      (path): PackagedApp => ({
        component,
        path,
        place: placeOf(component, path) ?? `${component.installLocation}/${path}`,
      }),
    ),
  );
}

/** Where an entry would come to lie; null for one that is absolute or goes up. */
export function placeOf({ installLocation }: PackageComponent, path: string): string | null {
  const parts = `${installLocation}/${path}`.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..')) return null;
  return `/${parts.join('/')}`;
}

/**
 * Writes one file of an app, while its package is open.
 *
 * @param name below the app, e.g. `Contents/Info.plist`
 * @param copy folder that stands for the app
 * @returns whether the payload has such a file
 */
export async function unpackFromApp(
  { component, path }: PackagedApp,
  name: string,
  copy: string,
): Promise<boolean> {
  const entry = component.payload?.find((one) => one.path === `${path}/${name}` && one.kind === 'file');
  if (entry === undefined) return false;
  const destination = join(copy, name);
  await mkdir(dirname(destination), { recursive: true, mode: 0o700 });
  await copyEntry(entry, destination);
  return true;
}

async function copyEntry({ data, mode }: PayloadEntry, destination: string): Promise<void> {
  const range = { start: data.offset, end: data.offset + data.length - 1 };
  const fresh = { flags: 'wx', mode: 0o600 };
  // A range of no bytes cannot be said.
  if (data.length === 0) await writeFile(destination, '', { flag: fresh.flags, mode: fresh.mode });
  else await pipeline(createReadStream(data.path, range), createWriteStream(destination, fresh));
  await chmod(destination, mode & 0o777);
}

/** The folder of an app's name that lies in no other app; null for a path without one. */
function outermostApp(path: string): string | null {
  const parts = path.split('/');
  const end = parts.findIndex((part) => part.length > '.app'.length && part.endsWith('.app'));
  return end < 0 ? null : parts.slice(0, end + 1).join('/');
}
