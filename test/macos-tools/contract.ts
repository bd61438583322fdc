import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ToolName, Tools } from '../../src/install/tools.ts';
import { FIXTURES, HAS_FIXTURES, MACOS_TOOLS } from '../support/fixtures.ts';

/** Recorded inputs and outputs that are not part of the repository, or null where they are absent. */
export const FIXTURES_FOLDER: string | null = HAS_FIXTURES ? FIXTURES : null;

/** The world of one row: an empty private folder, and the recordings where they are there. */
export interface Scene {
  /** Real path of an empty folder that is removed after the row. */
  readonly folder: string;
  /** Real path of the TMPDIR of the row's tools: what they remember is there, and where `installer` may write. */
  readonly temporary: string;
  /** Folder of the tools under test: the doubles', or Apple's `/usr/bin`. */
  readonly tools: string;
  /** `../shared/fixtures`; throws where the row did not say `needs: ['fixtures']` and it is absent. */
  fixture(path: string): string;
  /** Runs another tool of the same set (the doubles, or Apple's), for preparing. Never throws. */
  run(tool: ToolName, toolArguments: readonly string[], input?: string): Promise<ToolResult>;
}

/** Milliseconds that a tool may take. */
const TIME_LIMIT = 300_000;

export interface ToolResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Text taken from `fixtures/macos-outputs/<file>`, with what stood there replaced by this scene's values. */
export interface RecordedText {
  readonly recording: string;
  /** Pairs `[text in the recording, text here]`, applied in order, every occurrence. */
  replace(scene: Scene): readonly (readonly [string, string])[];
  /** First and last line that count (1-based, after the header); all when left out. */
  readonly lines?: readonly [number, number];
}

/** A predicate returns true, or false / a sentence that says what is wrong. */
export type Expectation = string | RegExp | RecordedText | ((text: string, scene: Scene) => boolean | string);

/** What a row cannot do without; without it the row is skipped and says so. */
export type Need = 'fixtures' | 'images' | 'root' | 'xattr';

/** One promise about one tool, checked against the double and, on a Mac, against Apple's tool. */
export interface ContractRow {
  readonly tool: ToolName;
  readonly name: string;
  readonly needs?: readonly Need[];
  /** Makes files, attaches images, ... before the tool runs. */
  readonly prepare?: (scene: Scene) => Promise<void>;
  readonly arguments: (scene: Scene) => readonly string[];
  /** Standard input; end of file at once when left out. */
  readonly input?: string;
  /** Added to the fixed environment. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly status: number;
  /** Left out: must be empty. */
  readonly stdout?: Expectation;
  /** Left out: must be empty. */
  readonly stderr?: Expectation;
  /** What must be true of the world afterwards; throws when it is not. */
  readonly after?: (scene: Scene, result: ToolResult) => Promise<void>;
  /** `fixtures/macos-outputs/<file>`, a man page, or `unverified: <why>`. */
  readonly source: string;
  /** `double`: not to be tried on a real Mac (needs rights, changes the machine, or text not verified). */
  readonly runsOn: 'both' | 'double';
}

/** Text of `fixtures/macos-outputs/<file>` as an expectation. */
export function recorded(
  recording: string,
  replace: RecordedText['replace'] = () => [],
  lines?: readonly [number, number],
): RecordedText {
  return lines === undefined ? { recording, replace } : { recording, replace, lines };
}

/** What follows the header of a recorded output. */
export function readRecording(recording: string): string {
  if (FIXTURES_FOLDER === null) throw new Error('The recorded outputs are not here');
  const text = readFileSync(join(FIXTURES_FOLDER, 'macos-outputs', recording), 'utf8');
  return text.slice(text.indexOf('\n---\n') + 5);
}

/** How a row is tried, where that differs from the doubles. */
export interface TrialOptions {
  /** Its tools are run as root, through `sudo -n`. */
  readonly isRoot?: boolean;
  /** Before the row's folders are removed, however it went. */
  readonly cleanUp?: (scene: Scene) => Promise<void>;
}

export interface RowTrial {
  /** Sentences that say what differs: none when the promise holds. */
  readonly differences: readonly string[];
  /** What the tool said; null where it did not come to that. */
  readonly result: ToolResult | null;
}

/** Runs one row. Returns the sentences that say what differs: none when the promise holds. */
export async function runContractRow(row: ContractRow, set: 'double' | 'apple'): Promise<readonly string[]> {
  const { differences, result } = await tryContractRow(row, set);
  if (differences.length === 0 || result === null) return differences;
  return [
    ...differences,
    `stdout was ${JSON.stringify(result.stdout)}`,
    `stderr was ${JSON.stringify(result.stderr)}`,
  ];
}

/** Runs one row, and tells what the tool said as well. */
export async function tryContractRow(
  row: ContractRow,
  set: 'double' | 'apple',
  options: TrialOptions = {},
): Promise<RowTrial> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'contract ')));
  // What the doubles remember of attached images lies in TMPDIR: each row has a machine of its own.
  const temporary = await realpath(await mkdtemp(join(tmpdir(), 'contract-state-')));
  const run = (tool: ToolName, toolArguments: readonly string[], input = '', environment = {}) => {
    const [path, more] = [toolPath(tool, set), { TMPDIR: temporary, ...environment }];
    return options.isRoot === true
      ? runAsRoot(path, toolArguments, input, more)
      : runTool(path, toolArguments, input, more);
  };
  const scene: Scene = {
    folder,
    temporary,
    tools: set === 'double' ? MACOS_TOOLS : '/usr/bin',
    fixture(path) {
      if (FIXTURES_FOLDER === null) throw new Error(`row "${row.name}" needs the fixtures`);
      return join(FIXTURES_FOLDER, path);
    },
    run,
  };
  let result: ToolResult | null = null;
  try {
    await row.prepare?.(scene);
    result = await run(row.tool, row.arguments(scene), row.input, row.environment);
    const differences = [
      ...(result.status === row.status ? [] : [`status ${result.status}, expected ${row.status}`]),
      ...compare('stdout', result.stdout, row.stdout ?? '', scene),
      ...compare('stderr', result.stderr, row.stderr ?? '', scene),
    ];
    if (differences.length === 0) await row.after?.(scene, result);
    return { differences, result };
  } catch (error) {
    if (set === 'double') throw error;
    // A tool that did the thing otherwise than the row's author thought: that is what is to be told.
    return { differences: [error instanceof Error ? error.message : String(error)], result };
  } finally {
    await options.cleanUp?.(scene);
    const leftovers = [folder, temporary];
    if (options.isRoot === true) await runAsRoot('/bin/rm', ['-rf', ...leftovers]);
    for (const leftover of leftovers) await rm(leftover, { recursive: true, force: true });
  }
}

/** As `runTool`, through `sudo`, which passes nothing of an environment on: it is given in the command. */
function runAsRoot(
  path: string,
  toolArguments: readonly string[],
  input: string = '',
  environment: Readonly<Record<string, string>> = {},
): Promise<ToolResult> {
  const variables = Object.entries({ LC_ALL: 'C', ...environment }).map(
    ([name, value]) => `${name}=${value}`,
  );
  const words = ['-n', '/usr/bin/env', ...variables, path, ...toolArguments];
  return runTool('/usr/bin/sudo', words, input);
}

/** Absolute path of a tool in one of the two sets. */
function toolPath(tool: ToolName, set: 'double' | 'apple'): string {
  return new Tools(set === 'double' ? MACOS_TOOLS : null).pathOf(tool);
}

/** Runs a program in the fixed environment of DESIGN.md section 6. */
export function runTool(
  path: string,
  toolArguments: readonly string[],
  input: string = '',
  environment: Readonly<Record<string, string>> = {},
): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, toolArguments, {
      env: {
        LC_ALL: 'C',
        PATH: '/usr/bin:/bin:/usr/sbin:/sbin',
        HOME: process.env['HOME'] ?? '/',
        TMPDIR: tmpdir(),
        USER: process.env['USER'] ?? 'nobody',
        ...environment,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
      // Apple's would wait for ever where it wants an answer from somebody at the screen.
      timeout: TIME_LIMIT,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
    // A tool that does not read its input closes the pipe: that is no failure of the row.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

function compare(stream: string, text: string, expectation: Expectation, scene: Scene): readonly string[] {
  if (typeof expectation === 'string')
    return text === expectation ? [] : [`${stream} differs from ${JSON.stringify(expectation)}`];
  if (expectation instanceof RegExp)
    return expectation.test(text) ? [] : [`${stream} does not match ${expectation}`];
  if (typeof expectation === 'function') {
    const answer = expectation(text, scene);
    return answer === true ? [] : [`${stream}: ${answer === false ? 'not as promised' : answer}`];
  }
  let wanted = readRecording(expectation.recording);
  if (expectation.lines !== undefined) {
    const [first, last] = expectation.lines;
    wanted = wanted
      .split('\n')
      .slice(first - 1, last)
      .join('\n');
  }
  for (const [there, here] of expectation.replace(scene)) wanted = wanted.replaceAll(there, here);
  // Recordings were pasted with and without their last newline; the tools print it.
  wanted = `${wanted.replace(/\n*$/, '')}\n`;
  return text === wanted
    ? []
    : [`${stream} differs from ${expectation.recording}: ${JSON.stringify(wanted)}`];
}
