import * as v from 'valibot';
import { CHANNELS, type Channel } from '../config.ts';
import { readVersion, type Version } from '../version.ts';
import { MAXIMUM_MANIFEST_BYTES } from './limits.ts';

const MAXIMUM_ARTIFACTS = 16;

export interface Artifact {
  /** `dmg` or `pkg` once accepted. */
  readonly type: string;
  /** Null when missing or empty. */
  readonly url: string | null;
  /** Bytes. */
  readonly size: number;
  /** 64 hex digits in lower case once accepted. */
  readonly sha256: string;
  readonly arch: string | null;
  readonly minOs: string | null;
  readonly ed25519: string | null;
}

/** The offer of one version on one channel. Accepted only together with an assessment that does not reject it. */
export interface Manifest {
  /** Exactly as received, for signatures beside the manifest. */
  readonly bytes: Uint8Array;
  /** The whole JSON object, with keys that this version does not know. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly version: Version;
  readonly build: string | null;
  readonly releaseDate: string | null;
  readonly artifact: Artifact;
  /** At least one; the first is `artifact`. */
  readonly artifacts: readonly Artifact[];
  readonly channel: Channel | null;
  readonly tag: string | null;
  readonly critical: boolean;
  readonly autoInstall: boolean;
  readonly notesUrl: string | null;
  readonly rollout: { readonly percentage: number; readonly salt: string } | null;
  readonly minimumAutoVersion: Version | null;
}

const text = v.string('must be a text');
const optionalText = v.nullish(text);
const NO_BUILD = 'must be a text or a whole number';
const optionalBoolean = v.nullish(v.boolean('must be true or false'));

const MANIFEST_FIELDS = {
  version: text,
  build: v.nullish(v.union([v.string(), v.pipe(v.number(), v.safeInteger(NO_BUILD))], NO_BUILD)),
  release_date: optionalText,
  channel: v.nullish(v.picklist(CHANNELS, 'must be "stable" or "beta"')),
  tag: optionalText,
  critical: optionalBoolean,
  auto_install: optionalBoolean,
  notes_url: optionalText,
  rollout: v.nullish(
    v.object(
      { percentage: v.number('must be a number'), salt: text },
      'must be an object with percentage and salt',
    ),
  ),
  minimum_auto_version: optionalText,
};

const ARTIFACT_FIELDS = {
  type: text,
  url: optionalText,
  size: v.number('must be a number'),
  sha256: text,
  arch: optionalText,
  min_os: optionalText,
  ed25519: optionalText,
};

type Fields<Schemas extends Readonly<Record<string, v.GenericSchema>>> = {
  readonly [Key in keyof Schemas]?: v.InferOutput<Schemas[Key]>;
};
type ManifestFields = Fields<typeof MANIFEST_FIELDS>;
export type ArtifactFields = Fields<typeof ARTIFACT_FIELDS>;

/** What could be read, so that a manifest with one wrong field is still judged on all others. */
export interface ManifestReading {
  readonly document: Readonly<Record<string, unknown>>;
  /** Absent fields were missing or of a wrong type. */
  readonly fields: ManifestFields;
  readonly artifact: ArtifactFields;
  /** The key `artifacts`; empty where it is absent. Its first is `artifact`, or there is a problem. */
  readonly artifacts: readonly ArtifactFields[];
  /** What makes the manifest invalid, e.g. `artifact.size is missing`. */
  readonly problems: readonly string[];
}

/**
 * Reads a manifest's bytes: UTF-8 (a byte order mark is passed over) holding one JSON object. Of a key that
 * occurs twice the last counts, as in every JSON parser that clients in the field use.
 */
export function readManifest(bytes: Uint8Array): ManifestReading {
  const problems: string[] = [];
  const document = readDocument(bytes, problems);
  if (document === null) return { document: {}, fields: {}, artifact: {}, artifacts: [], problems };
  const fields = readFields(MANIFEST_FIELDS, document, '', problems);
  const artifact = readArtifact(document['artifact'], 'artifact', problems);
  const artifacts = readArtifacts(document['artifacts'], artifact, problems);
  return { document, fields, artifact, artifacts, problems };
}

/** The manifest that was read, or null where it is invalid. It may still be one that an assessment rejects. */
export function makeManifest(bytes: Uint8Array, reading: ManifestReading): Manifest | null {
  const { fields, problems } = reading;
  const version = readVersion(fields.version ?? '');
  const artifact = makeArtifact(reading.artifact);
  if (problems.length > 0 || version === null || artifact === null) return null;
  const artifacts = reading.artifacts.map(makeArtifact).filter((each) => each !== null);
  return {
    bytes,
    document: reading.document,
    version,
    build: fields.build === undefined || fields.build === null ? null : String(fields.build),
    releaseDate: fields.release_date ?? null,
    artifact,
    artifacts: artifacts.length === 0 ? [artifact] : artifacts,
    channel: fields.channel ?? null,
    tag: fields.tag ?? null,
    critical: fields.critical ?? false,
    autoInstall: fields.auto_install ?? true,
    notesUrl: fields.notes_url || null,
    rollout: fields.rollout ?? null,
    minimumAutoVersion: readVersion(fields.minimum_auto_version ?? ''),
  };
}

/** The artifact that these fields describe, or null where a required one is missing. */
function makeArtifact(fields: ArtifactFields): Artifact | null {
  const { type, size, sha256 } = fields;
  if (type === undefined || size === undefined || sha256 === undefined) return null;
  return {
    type,
    url: fields.url || null,
    size,
    sha256: sha256.toLowerCase(),
    arch: fields.arch ?? null,
    minOs: fields.min_os ?? null,
    ed25519: fields.ed25519 ?? null,
  };
}

function readDocument(bytes: Uint8Array, problems: string[]): Record<string, unknown> | null {
  if (bytes.byteLength > MAXIMUM_MANIFEST_BYTES) {
    problems.push(`it is larger than ${MAXIMUM_MANIFEST_BYTES / 1024} KiB`);
    return null;
  }
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    problems.push('it is not JSON');
    return null;
  }
  if (isObject(document)) return document;
  problems.push('it is not a JSON object');
  return null;
}

function readArtifact(value: unknown, place: string, problems: string[]): ArtifactFields {
  if (isObject(value)) return readFields(ARTIFACT_FIELDS, value, `${place}.`, problems);
  problems.push(value === undefined ? `${place} is missing` : `${place} must be an object`);
  return {};
}

function readArtifacts(value: unknown, first: ArtifactFields, problems: string[]): readonly ArtifactFields[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length === 0 || value.length > MAXIMUM_ARTIFACTS) {
    problems.push(`artifacts must be a list of 1 to ${MAXIMUM_ARTIFACTS}`);
    return [];
  }
  const artifacts = value.map((each, index) => readArtifact(each, `artifacts[${index}]`, problems));
  const [listed, expected] = [artifacts[0], first].map((each) => each && makeArtifact(each));
  if (JSON.stringify(listed) !== JSON.stringify(expected)) {
    problems.push('the first of artifacts differs from artifact');
  }
  return artifacts;
}

function readFields<Schemas extends Readonly<Record<string, v.GenericSchema>>>(
  schemas: Schemas,
  object: Readonly<Record<string, unknown>>,
  place: string,
  problems: string[],
): Fields<Schemas> {
  const fields: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(schemas)) {
    const value = object[key];
    const result = v.safeParse(schema, value);
    if (result.success) fields[key] = result.output;
    for (const issue of result.issues ?? []) {
      const path = v.getDotPath(issue);
      const name = `${place}${key}${path === null ? '' : `.${path}`}`;
      problems.push(value === undefined ? `${name} is missing` : `${name} ${issue.message}`);
    }
  }
  return fields as Fields<Schemas>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
