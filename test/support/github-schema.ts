import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv, type AnySchema } from 'ajv';
import ajvFormats from 'ajv-formats';

interface Operation {
  readonly responses: Readonly<Record<string, { readonly $ref?: string } & Response>>;
}

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema?: AnySchema }>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly responses: Readonly<Record<string, Response>>;
    readonly schemas: { 'release-asset': { properties: { state: { enum: string[] } } } };
  };
}

/** Refusals that every operation may answer with, whether its description names them or not. */
const COMMON_REFUSALS = [400, 401, 403, 404, 413, 422, 429, 500, 502, 503];

const description: Description = JSON.parse(
  readFileSync(
    createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json'),
    'utf8',
  ),
);
// The schema forgets what GitHub's documentation of uploads says: "This may leave an empty asset with a state of
// `starter`."
description.components.schemas['release-asset'].properties.state.enum.push('starter');

const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false });
ajvFormats.default(ajv);
ajv.addSchema(description, 'github');

/**
 * Checks an answer against GitHub's published description of its API.
 *
 * @param path without query, e.g. `/repos/o/r/releases/12`
 * @throws Error naming what does not fit
 */
export function checkAnswer(method: string, path: string, status: number, document: unknown): void {
  const [template, operation] = findOperation(method, path);
  const named = operation.responses[String(status)];
  // 304 answers a conditional request, whatever it asks for.
  const isCommon = COMMON_REFUSALS.includes(status) || (status === 304 && method === 'GET');
  if (named === undefined && !isCommon) {
    throw new Error(`${method} ${template} never answers ${status}`);
  }
  const pointer = pointerOf(method, template, status, named);
  if (pointer === null) {
    if (document !== null) throw new Error(`${method} ${template} answers ${status} without a document`);
    return;
  }
  const validate = ajv.compile({ $ref: `github#${pointer}` });
  if (!validate(document))
    throw new Error(`${method} ${template} ${status}: ${ajv.errorsText(validate.errors)}`);
}

function findOperation(method: string, path: string): readonly [string, Operation] {
  const candidates = Object.entries(description.paths)
    .filter(([template]) => patternOf(template).test(path))
    // The one with the most fixed parts is meant: /releases/latest, not /releases/{release_id}.
    .toSorted(([a], [b]) => a.split('{').length - b.split('{').length);
  for (const [template, operations] of candidates) {
    const operation = operations[method.toLowerCase()];
    if (operation !== undefined) return [template, operation];
  }
  throw new Error(`GitHub has no ${method} ${path}`);
}

function patternOf(template: string): RegExp {
  // A reference is the only parameter that has slashes in it.
  const parts = template.split(/(\{[^}]+\})/).map((part) => {
    if (!part.startsWith('{')) return part.replaceAll(/[.]/g, '\\.');
    return part === '{ref}' ? '.+' : '[^/]+';
  });
  return new RegExp(`^${parts.join('')}$`);
}

/** Where the schema of a document lies; null where there must be none. */
function pointerOf(
  method: string,
  template: string,
  status: number,
  named: ({ readonly $ref?: string } & Response) | undefined,
): string | null {
  if (status === 204 || status === 302 || status === 304) return null;
  const reference = named?.$ref?.replace(/^#/, '');
  const response =
    reference === undefined ? named : description.components.responses[reference.split('/').at(-1) ?? ''];
  if (response?.content?.['application/json'] === undefined) {
    return `/components/schemas/${status === 422 ? 'validation-error' : 'basic-error'}`;
  }
  const place = reference ?? `/paths/${escapePointer(template)}/${method.toLowerCase()}/responses/${status}`;
  return `${place}/content/${escapePointer('application/json')}/schema`;
}

function escapePointer(text: string): string {
  return encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'));
}
