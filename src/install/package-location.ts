import type { PackageComponent, PackageContents } from '../image/package-contents.ts';
import type { PayloadEntry } from '../image/package-payload.ts';
import { listPackagedApps, type PackagedApp, placeOf } from '../image/packaged-app.ts';
import { quote } from '../quote.ts';
import { linkLeadsOut } from './package-links.ts';
import { refuse } from './package-refusal.ts';

/**
 * Finds the one app that a package installs.
 *
 * @throws UpdateError `payload-not-found`, `payload-ambiguous`
 */
export function findPackagedApp(contents: PackageContents): PackagedApp {
  const apps = listPackagedApps(contents);
  const [app, another] = apps;
  if (app === undefined) throw refuse('payload-not-found', 'it installs no app');
  if (another === undefined) return app;
  const found = apps.map(({ place }) => place);
  throw refuse('payload-ambiguous', `it installs more than one app (${found.map(quote).join(', ')})`, {
    found,
  });
}

/**
 * Whether everything that a package would put on this Mac lies in the target. Folders on the way to it may be listed.
 *
 * @throws UpdateError `pkg-wrong-location`, `payload-ambiguous` where two entries are one on a Mac's disk,
 *   `payload-incompatible` where something is neither file, folder nor link
 */
export function assertInstallsOnlyAt(target: string, { components }: PackageContents): void {
  for (const component of components) {
    const { isRelocatable, bundles, bom, payload } = component;
    if (isRelocatable && (payload ?? []).length > 0)
      throw wrong('it may be installed to wherever an older copy lies', target, null);
    for (const { path } of bundles) {
      const place = placeOf(component, path);
      if (place === null || !isWithin(place, target)) throw elsewhere(component, path, target);
    }
    for (const entries of [payload ?? [], bom ?? []]) assertEntries(component, entries, target);
  }
}

type Entry = Pick<PayloadEntry, 'path' | 'kind' | 'linkTarget'>;

function assertEntries(component: PackageComponent, entries: readonly Entry[], target: string): void {
  const places = new Map<string, Entry>();
  for (const entry of entries) {
    const place = placeOf(component, entry.path);
    const isOnTheWay = place !== null && entry.kind === 'folder' && isWithin(target, place);
    if (place === null || !(isOnTheWay || isWithin(place, target)))
      throw elsewhere(component, entry.path, target);
    if (entry.kind === 'other')
      throw refuse(
        'payload-incompatible',
        `${quote(entry.path)} in it is neither a file, a folder nor a link`,
      );
    if (place === target && entry.kind !== 'folder')
      throw refuse('payload-incompatible', `what it calls ${quote(entry.path)} is no folder`);
    if (places.has(foldCase(place)))
      throw refuse('payload-ambiguous', `it holds ${quote(entry.path)} twice`, { path: entry.path });
    places.set(foldCase(place), entry);
  }
  assertLinks(component, entries, target, places);
}

/** Nothing may be reached through a link: neither what it points to nor what is written after it. */
function assertLinks(
  component: PackageComponent,
  entries: readonly Entry[],
  target: string,
  places: ReadonlyMap<string, Entry>,
): void {
  const links = new Map<string, string>();
  for (const { path, kind, linkTarget } of entries)
    if (kind === 'link') links.set(foldCase(placeOf(component, path) ?? ''), linkTarget ?? '');
  for (const { path } of entries) {
    const place = placeOf(component, path) ?? '';
    for (let at = parentOf(place); isWithin(at, target); at = parentOf(at)) {
      const above = places.get(foldCase(at));
      if (above !== undefined && above.kind !== 'folder')
        throw wrong(`${quote(path)} in it lies behind a link`, target, place);
    }
    if (links.has(foldCase(place)) && linkLeadsOut(place, target, (one) => links.get(foldCase(one)) ?? null))
      throw wrong(`the link ${quote(path)} in it leads out of the app`, target, place);
  }
}

function isWithin(place: string, folder: string): boolean {
  return place === folder || folder === '/' || place.startsWith(`${folder}/`);
}

function parentOf(place: string): string {
  return place.slice(0, Math.max(1, place.lastIndexOf('/')));
}

/** Names that are one name on a Mac's usual volume, which knows neither case nor composition (APFS reference). */
function foldCase(place: string): string {
  return place.normalize('NFD').toLowerCase();
}

function elsewhere(component: PackageComponent, path: string, target: string): Error {
  const place = placeOf(component, path) ?? `${component.installLocation}/${path}`;
  return wrong(`it installs to ${quote(place)}, not to ${target}`, target, place);
}

function wrong(reason: string, target: string, place: string | null): Error {
  return refuse('pkg-wrong-location', reason, { target, place });
}
