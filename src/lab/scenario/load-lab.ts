import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemErrorCode, UpdateError } from '../../errors.ts';
import { quote } from '../../quote.ts';
import { makeOffer } from './make-offer.ts';
import { readDataFile } from './read-data-file.ts';
import { readOffers } from './read-manifest-folder.ts';
import type { ClientSpec, HostState, Offer, Scenario } from './scenario.ts';
import { CLIENT_SCHEMA, HOST_SCHEMA, OFFER_SCHEMA, SCENARIO_SCHEMA, type ScenarioData } from './schema.ts';

export interface LabData {
  readonly offers: readonly Offer[];
  readonly hosts: readonly HostState[];
  readonly clients: readonly ClientSpec[];
  /** Those of scenario files; offer by host they are not listed. */
  readonly scenarios: readonly Scenario[];
}

export interface LoadLabOptions {
  /** Further folders with the layout of resources/lab, each with any of its four. */
  readonly folders?: readonly string[];
  /** A folder of manifests to be tried, or none. */
  readonly manifests?: string | null;
  /** The folder of manifests that were once served, or none. */
  readonly realManifests?: string | null;
}

/** The same place beside `src` and beside `dist`. */
const OWN_FOLDER = fileURLToPath(new URL('../../../resources/lab', import.meta.url));

const KINDS = ['offers', 'hosts', 'clients', 'scenarios'] as const;
type Kind = (typeof KINDS)[number];

interface DataFile {
  readonly name: string;
  readonly path: string;
  readonly isOurs: boolean;
}

/**
 * Everything that the lab can run: its own data files, those of further folders, and folders of manifests. Names are
 * file names without their extension. Manifests that are given take the place of real ones of the same name, and
 * their series that of the real one.
 *
 * @throws UpdateError `usage` for a file that cannot be used, a name that occurs twice, or a folder that holds nothing
 */
export async function loadLab(options: LoadLabOptions = {}): Promise<LabData> {
  const { folders = [], manifests = null, realManifests = null } = options;
  const files = await listDataFiles(folders);
  const generated = await readAll(files.offers, async ({ name, path, isOurs }) =>
    makeOffer(name, await readDataFile(path, OFFER_SCHEMA), isOurs ? 'generated' : 'given'),
  );
  const given = manifests === null ? [] : await readOffers(manifests, 'given');
  const real = realManifests === null ? [] : await readOffers(realManifests, 'real');
  const shadowed = new Set(given.map(({ name }) => name));
  const offers = [...generated, ...given, ...real.filter(({ name }) => !shadowed.has(name))];
  assertUnique(offers, 'offers');
  const hosts = await readAll(files.hosts, async ({ name, path }) => ({
    ...(await readDataFile(path, HOST_SCHEMA)),
    name,
  }));
  const clients = await readAll(files.clients, async ({ name, path }) => ({
    ...(await readDataFile(path, CLIENT_SCHEMA)),
    name,
  }));
  const scenarios = await readAll(files.scenarios, ({ path }) => readScenario(path, { offers, hosts }));
  return { offers, hosts, clients, scenarios };
}

/**
 * Reads a scenario file. Its name is the file's, also of an offer or a host that is written out in it.
 *
 * @param known what it may name
 * @throws UpdateError `usage` for a file that cannot be used, or that names what there is not
 */
export async function readScenario(
  path: string,
  known: Pick<LabData, 'offers' | 'hosts'>,
): Promise<Scenario> {
  const data = await readDataFile(path, SCENARIO_SCHEMA);
  const name = nameOf(path);
  return { name, title: data.title, offer: offerOf(path, data, known), host: hostOf(path, data, known) };
}

function offerOf(path: string, { offer }: ScenarioData, { offers }: Pick<LabData, 'offers'>): Offer {
  return typeof offer === 'string'
    ? find(path, 'offer', offer, offers)
    : makeOffer(nameOf(path), offer, 'given');
}

function hostOf(path: string, { host }: ScenarioData, { hosts }: Pick<LabData, 'hosts'>): HostState {
  return typeof host === 'string' ? find(path, 'host', host, hosts) : { ...host, name: nameOf(path) };
}

function find<Item extends { readonly name: string }>(
  path: string,
  key: string,
  name: string,
  items: readonly Item[],
): Item {
  const item = items.find((one) => one.name === name);
  if (item !== undefined) return item;
  const known = items.map((one) => one.name).join(', ');
  throw new UpdateError(
    'usage',
    `The data file ${quote(path)} cannot be used. There is no ${key} ${quote(name)}; there are ${known}. Nothing was run. Correct the file.`,
    { details: { path, [key]: name } },
  );
}

async function listDataFiles(folders: readonly string[]): Promise<Record<Kind, readonly DataFile[]>> {
  const files: Record<Kind, DataFile[]> = { offers: [], hosts: [], clients: [], scenarios: [] };
  for (const folder of [OWN_FOLDER, ...folders]) {
    const isOurs = folder === OWN_FOLDER;
    let count = 0;
    for (const kind of KINDS) {
      const paths = await listYaml(join(folder, kind));
      count += paths.length;
      files[kind].push(...paths.map((path) => ({ name: nameOf(path), path, isOurs })));
    }
    if (count === 0)
      throw new UpdateError(
        'usage',
        `There is no data file in ${quote(folder)}. Nothing was run. Put *.yml files into a folder of it that is called ${KINDS.join(', ')}.`,
        { details: { folder } },
      );
  }
  for (const kind of KINDS) assertUnique(files[kind], kind);
  return files;
}

async function listYaml(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw new UpdateError('usage', `The folder ${quote(folder)} could not be read. Nothing was run.`, {
      cause: error,
      details: { folder },
    });
  });
  return entries
    .filter((entry) => !entry.isDirectory() && /^[^.].*\.ya?ml$/.test(entry.name))
    .map((entry) => join(folder, entry.name))
    .sort();
}

/** A name stands in tables, on the command line and, with a slash, in the names of scenarios. */
function nameOf(path: string): string {
  const name = basename(path, extname(path));
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new UpdateError(
    'usage',
    `The data file ${quote(path)} cannot be used: a name has letters, digits, dots, underscores and dashes only. Nothing was run. Rename the file.`,
    { details: { path } },
  );
}

function assertUnique(items: readonly { readonly name: string; readonly path?: string }[], kind: Kind): void {
  const names = new Map<string, string | undefined>();
  for (const { name, path } of items) {
    if (names.has(name)) {
      const places = [names.get(name), path].filter((place) => place !== undefined).map(quote);
      throw new UpdateError(
        'usage',
        `There are two ${kind} called ${quote(name)}${places.length === 0 ? '' : ` (${places.join(', ')})`}. Nothing was run. Rename one of the files.`,
        { details: { kind, name } },
      );
    }
    names.set(name, path);
  }
}

async function readAll<Result>(
  files: readonly DataFile[],
  read: (file: DataFile) => Promise<Result>,
): Promise<readonly Result[]> {
  return Promise.all(files.map(read));
}
