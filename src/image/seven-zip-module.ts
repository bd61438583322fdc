import { closeSync, openSync } from 'node:fs';
import { UpdateError } from '../errors.ts';
import {
  type EmscriptenFileSystem,
  inputFileSystem,
  type Sink,
  type Slice,
  sinkFileSystem,
} from './seven-zip-files.ts';

export interface SevenZipRun {
  readonly status: number;
  /** Standard output without the banner, line by line. */
  readonly output: readonly string[];
  readonly errors: readonly string[];
  /** Standard output as bytes, where `binaryOutput` was asked for. */
  readonly bytes: Buffer;
}

/** 7-Zip says these where the data is bad although its exit status may be 0 or 1 (warning). */
const COMPLAINT =
  /^Open (?:ERROR|WARNING)|^(?:CRC Error|CRC Failed|Data Error|Headers Error|Unexpected end|Unsupported|Unconfirmed start|Is not archive|Cannot open|Unavailable (?:data|start))/;
/** Nothing wrong: room behind the volume in its partition, or a signature behind a package's contents. */
const HARMLESS = 'There are data after the end of archive';

/** Name under which 7-Zip sees its input; without extension, so that the content alone decides. */
export const INPUT = '/in/image';

/**
 * Runs 7-Zip (WebAssembly) in this process: no disk access but reading `input` on demand.
 *
 * @param commandArguments as on 7-Zip's command line; `INPUT` stands for the input, `/out` for the sink
 * @returns exit status and messages; a bad archive is no exception here
 */
export async function runSevenZip(
  commandArguments: readonly string[],
  input: Slice,
  options: { readonly sink?: Sink; readonly binaryOutput?: boolean } = {},
): Promise<SevenZipRun> {
  const create = await loadFactory();
  const output: string[] = [];
  const errors: string[] = [];
  const bytes: number[] = [];
  const module = await create({
    print: (line) => output.push(line),
    printErr: (line) => errors.push(line),
    ...(options.binaryOutput === true
      ? { stdout: (byte: number | null) => (byte === null ? undefined : bytes.push(byte & 0xff)) }
      : {}),
  });
  const { FS } = module;
  const descriptor = openSync(input.path, 'r');
  try {
    FS.mkdir('/in');
    FS.mount(inputFileSystem(FS, descriptor, input), {}, '/in');
    FS.mkdir('/out');
    const target = options.sink === undefined ? null : sinkFileSystem(FS, options.sink);
    if (target !== null) FS.mount(target.type, {}, '/out');
    let status: number;
    try {
      status = callMain(module, commandArguments);
    } finally {
      target?.closeLast();
    }
    return { status, output, errors: errors.filter((line) => line !== ''), bytes: Buffer.from(bytes) };
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Everything that 7-Zip says is wrong with its input, empty when all is well. Its exit status alone does not
 * tell: a wrong checksum of an image is a warning with status 0 (7-Zip 24.09).
 */
function complaintsOf(run: SevenZipRun): readonly string[] {
  const complaints = [...run.errors, ...run.output.filter((line) => COMPLAINT.test(line))];
  const isWarningOnly = run.status <= STATUS_WARNING && run.output.includes(HARMLESS);
  if (run.status !== 0 && complaints.length === 0 && !isWarningOnly)
    complaints.push(`7-Zip ended with status ${run.status}`);
  return complaints;
}

/** Throws `image-unreadable` with 7-Zip's own words when the run shows that anything is wrong. */
export function assertClean(run: SevenZipRun, path: string): void {
  const complaints = complaintsOf(run);
  if (complaints.length === 0) return;
  throw unreadable(path, [...new Set(complaints)].join('; '));
}

/** The error for an image or a package that cannot be read. */
export function unreadable(path: string, reason: string, cause?: unknown): UpdateError {
  return new UpdateError(
    'image-unreadable',
    `${path} cannot be read: ${reason}. Nothing was changed. Download it again, or ask the release team for a sound file.`,
    { ...(cause === undefined ? {} : { cause }), details: { path, reason } },
  );
}

const STATUS_WARNING = 1;
const STATUS_FATAL = 2;

function callMain(module: EmscriptenModule, commandArguments: readonly string[]): number {
  try {
    return module.callMain([...commandArguments]) ?? 0;
  } catch (error) {
    // 7-Zip throws numbers and strings of its own where it cannot go on (C++ exceptions reach us as pointers).
    if (typeof error === 'number') return STATUS_FATAL;
    throw error;
  }
}

interface EmscriptenModule {
  readonly FS: EmscriptenFileSystem;
  callMain(commandArguments: string[]): number | undefined;
}
type Factory = (options: {
  print(line: string): void;
  printErr(line: string): void;
  stdout?(byte: number | null): void;
}) => Promise<EmscriptenModule>;

async function loadFactory(): Promise<Factory> {
  const loaded = (await import('7z-wasm')) as unknown as { default: Factory };
  return loaded.default;
}
