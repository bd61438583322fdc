import { readFile } from 'node:fs/promises';
import type { UpdaterConfig } from './config.ts';
import { systemErrorCode, UpdateError } from './errors.ts';

/**
 * Reads `updater.yml`. Keys that are not known are refused: a mistyped one would silently trust something else
 * than was meant.
 *
 * @throws UpdateError `usage`, naming every key that is wrong
 */
export async function loadConfig(path: string): Promise<UpdaterConfig> {
  const document = await readYaml(path);
  const v = await import('valibot');
  const text = v.string('must be a text');
  const manifestUrl = v.pipe(
    text,
    v.check((url) => URL.parse(url)?.protocol === 'https:', 'must be an https address'),
  );
  const host = v.pipe(
    text,
    v.toLowerCase(),
    v.check((name) => isHost(name), 'must be a host name, with a port where it is not 443'),
  );
  const appcastKey = v.pipe(text, v.check(isEd25519Key, 'must be an ed25519 public key: 32 bytes in base64'));
  const schema = v.strictObject(
    {
      owner: v.pipe(text, v.regex(/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/, 'must be owner/repository')),
      bundle_id: v.pipe(text, v.regex(/^[A-Za-z0-9.-]+$/, 'must be a bundle identifier')),
      manifests: v.strictObject(
        { stable: manifestUrl, beta: manifestUrl },
        'must have the keys stable and beta',
      ),
      allowed_hosts: v.optional(v.array(host, 'must be a list of host names'), []),
      keys: v.optional(v.array(text, 'must be a list of keys'), []),
      publish: v.optional(
        v.strictObject(
          {
            stable: v.optional(
              v.picklist(['promotion', 'direct'], 'must be promotion or direct'),
              'promotion',
            ),
          },
          'must be a mapping with the key stable',
        ),
        {},
      ),
      appcast_keys: v.optional(v.array(appcastKey, 'must be a list of keys'), []),
    },
    'must be a mapping',
  );
  const result = v.safeParse(schema, document);
  if (!result.success) {
    const problems = result.issues.map((issue) => describe(v.getDotPath(issue), issue));
    throw unusable(path, `${problems.join('; ')}.`);
  }
  const { owner, bundle_id: bundleId, manifests, allowed_hosts: allowedHosts, keys, publish } = result.output;
  return { owner, bundleId, manifests, allowedHosts, keys, publish, appcastKeys: result.output.appcast_keys };
}

async function readYaml(path: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    return parse(await readFile(path, 'utf8'));
  } catch (error) {
    const reason =
      systemErrorCode(error) === 'ENOENT'
        ? 'There is no such file.'
        : `${error instanceof Error ? error.message : String(error)}`;
    throw unusable(path, reason, error);
  }
}

function describe(
  key: string | null,
  issue: { readonly expected: string | null; readonly received: string; readonly message: string },
): string {
  if (key === null) return `the file ${issue.message}`;
  if (issue.expected === 'never') return `${key} is not a known key`;
  return issue.received === 'undefined' ? `${key} is missing` : `${key} ${issue.message}`;
}

function isEd25519Key(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.byteLength === 32 && bytes.toString('base64') === text;
}

function isHost(name: string): boolean {
  return /^[^/@?#\s]+$/.test(name) && URL.parse(`https://${name}`)?.host === name;
}

function unusable(path: string, reason: string, cause?: unknown): UpdateError {
  return new UpdateError(
    'usage',
    `The configuration ${path} cannot be used: ${reason} Nothing was done. Correct the file.`,
    { details: { path }, ...(cause === undefined ? {} : { cause }) },
  );
}
