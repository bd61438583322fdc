import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import * as v from 'valibot';
import { parseDocument } from 'yaml';
import { systemErrorCode, UpdateError } from '../../errors.ts';
import { disarm, quote } from '../../quote.ts';

/** The longest of our own has 4 KiB. */
const MAXIMUM_BYTES = 64 * 1024;
const MOST_PROBLEMS = 5;

type Schema = v.GenericSchema<unknown, unknown>;
type Issue = v.BaseIssue<unknown>;

/**
 * Reads a data file of the lab: YAML that holds what the schema says and nothing else.
 *
 * @throws UpdateError `usage`, naming the file, each key that is wrong, and what is expected there
 */
export async function readDataFile<const Of extends Schema>(
  path: string,
  schema: Of,
): Promise<v.InferOutput<Of>> {
  const result = v.safeParse(schema, parse(path, await readText(path)));
  if (result.success) return result.output;
  const problems = result.issues.flatMap((issue) => describe(issue, []));
  const more = problems.length - MOST_PROBLEMS;
  throw unusable(
    path,
    `${problems.slice(0, MOST_PROBLEMS).join('; ')}${more > 0 ? `; and ${more} more` : ''}.`,
  );
}

async function readText(path: string): Promise<string> {
  try {
    // Without O_NONBLOCK opening a pipe would wait for a writer.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = await file.stat();
      if (!status.isFile()) throw unusable(path, 'It is not a regular file.');
      if (status.size > MAXIMUM_BYTES)
        throw unusable(path, `It is larger than ${MAXIMUM_BYTES / 1024} KiB, which no data file is.`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UpdateError) throw error;
    const isMissing = ['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '');
    throw unusable(path, isMissing ? 'There is no such file.' : 'It could not be read.', error);
  }
}

/** A hundred aliases (the parser's own limit) are more than anybody needs, and less than a bomb does. */
function parse(path: string, text: string): unknown {
  try {
    const document = parseDocument(text);
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    return document.toJS();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw unusable(
      path,
      `It is no YAML that can be read (${disarm(reason ?? '').replace(/:$/, '')}).`,
      error,
    );
  }
}

/** @param outer path of the union that the issue stands in */
function describe(issue: Issue, outer: readonly string[]): readonly string[] {
  const path = [...outer, ...pathOf(issue)];
  // Of the ways in which a value could have been right, those that were begun say what is wrong.
  const begun = (issue.issues ?? []).filter((inner) => pathOf(inner).length > 0);
  if (begun.length > 0) return begun.flatMap((inner) => describe(inner, path));
  const key = path.length === 0 ? 'The file' : quote(path.join('.')).slice(1, -1);
  if (issue.type === 'strict_object') return [`${key} ${issue.message}`];
  if (issue.received === 'undefined') return [`${key} is missing`];
  const hint = issue.expected === 'string' && typeof issue.input === 'number' ? ' (write it in quotes)' : '';
  return [`${key} must be ${issue.expected ?? 'another'}${hint}, and is ${show(issue.input)}`];
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  return typeof value === 'string' ? quote(value) : String(value);
}

function pathOf(issue: Issue): readonly string[] {
  return (issue.path ?? []).map(({ key }) => String(key));
}

function unusable(path: string, reason: string, cause?: unknown): UpdateError {
  return new UpdateError(
    'usage',
    `The data file ${quote(path)} cannot be used. ${reason} Nothing was run. Correct the file.`,
    { details: { path }, ...(cause === undefined ? {} : { cause }) },
  );
}
