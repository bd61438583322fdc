import { ApiProblem } from './problem.ts';
import type { ReleaseFields } from './release-rules.ts';
import type { MakeLatest } from './store.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

const MAKE_LATEST: readonly MakeLatest[] = ['true', 'false', 'legacy'];

/**
 * Reads the body of a request that creates or changes a release. The words of a refusal are those of GitHub's own
 * schema check.
 *
 * @throws ApiProblem 422 for a value of another type than the API's schema says
 */
export function readReleaseFields(body: JsonObject): ReleaseFields {
  return {
    tag: readString(body, 'tag_name'),
    targetCommitish: readString(body, 'target_commitish'),
    name: readString(body, 'name'),
    body: readString(body, 'body'),
    isDraft: readBoolean(body, 'draft'),
    isPrerelease: readBoolean(body, 'prerelease'),
    makeLatest: readMakeLatest(body),
  };
}

export function readString(body: JsonObject, key: string): string | undefined {
  const value = body[key];
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(key, value, 'a string');
}

function readBoolean(body: JsonObject, key: string): boolean | undefined {
  const value = body[key];
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(key, value, 'a boolean');
}

function readMakeLatest(body: JsonObject): MakeLatest | undefined {
  const value = readString(body, 'make_latest');
  if (value === undefined) return undefined;
  const known = MAKE_LATEST.find((name) => name === value);
  if (known === undefined) throw invalid('make_latest', value, `a member of ${JSON.stringify(MAKE_LATEST)}`);
  return known;
}

function invalid(key: string, value: unknown, expected: string): ApiProblem {
  const shown = value === null ? 'nil' : JSON.stringify(value);
  return new ApiProblem(422, `Invalid request.\n\nFor 'properties/${key}', ${shown} is not ${expected}.`);
}
