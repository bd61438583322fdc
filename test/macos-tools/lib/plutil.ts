import { lstatSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { parse, serialize } from '@plist/plist';
import { runMain, ToolEnd } from './tool.ts';

type Value = Parameters<typeof serialize>[0];

/** plutil(1): forms of a list, and the numbers of @plist/common's PlistFormat for two of them. */
const FORMATS: Readonly<Record<string, 0 | 1 | 'json' | 'raw'>> = {
  xml1: 1,
  binary1: 0,
  json: 'json',
  raw: 'raw',
};

const USAGE = `plutil: [command_option] [other_options] file...
The file '-' means stdin
Command options are (-lint is the default):
 -help                         show this message and exit
 -lint                         check the property list files for syntax errors
 -convert fmt                  rewrite property list files in format
 -extract keypath fmt          extract the value at 'keypath' in the property list as a new plist of type 'fmt'
 -o path                       specify alternate file path name for result of conversion
 -s                            be silent on success
`;

interface Request {
  readonly command: 'lint' | 'convert' | 'extract';
  readonly keyPath: string;
  readonly format: string;
  readonly output: string | null;
  readonly isSilent: boolean;
  readonly files: readonly string[];
}

/** Everything that plutil says, also of failures, goes to standard output (recordings' README, "Streams"). */
function main(toolArguments: readonly string[]): number {
  const request = readRequest(toolArguments);
  let status = 0;
  for (const file of request.files) {
    try {
      run(request, file);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      print(`${file === '-' ? '<stdin>' : file}: ${error.message}\n`);
      status = 1;
    }
  }
  return status;
}

class Failure extends Error {}

function run(request: Request, file: string): void {
  const value = readList(file);
  if (request.command === 'lint') {
    if (!request.isSilent) print(`${file === '-' ? '<stdin>' : file}: OK\n`);
    return;
  }
  const part = request.command === 'extract' ? valueAt(value, request.keyPath) : value;
  const bytes = write(part, request.format, request.keyPath);
  // Only `raw`, which is no list, is printed where nobody said where it should go.
  const output = request.output ?? (request.format === 'raw' ? '-' : file);
  if (output === '-') print(bytes);
  else writeFileSync(output, bytes);
}

function readRequest(toolArguments: readonly string[]): Request {
  const queue = [...toolArguments];
  const next = (): string => {
    const value = queue.shift();
    if (value === undefined) throw new Usage('missing argument');
    return value;
  };
  let command: Request['command'] = 'lint';
  let [keyPath, format] = ['', ''];
  let output: string | null = null;
  let isSilent = false;
  try {
    while (/^-./.test(queue[0] ?? '')) {
      const option = next();
      if (option === '--') break;
      if (option === '-lint') command = 'lint';
      else if (option === '-convert') [command, format] = ['convert', next()];
      else if (option === '-extract') {
        command = 'extract';
        keyPath = next();
        format = next();
      } else if (option === '-o') output = next();
      else if (option === '-s') isSilent = true;
      else if (option === '-help') throw new ToolEnd(0, USAGE);
      else throw new Usage(`unrecognized option: ${option}`);
    }
    if (queue.length === 0) throw new Usage('No files specified.');
    if (command !== 'lint' && !Object.hasOwn(FORMATS, format))
      throw new Usage(`Unknown format specifier: ${format}`);
    if (command === 'convert' && format === 'raw') throw new Usage('Unknown format specifier: raw');
  } catch (error) {
    if (!(error instanceof Usage)) throw error;
    print(`${error.message}\n${USAGE}`);
    throw new ToolEnd(1, '');
  }
  return { command, keyPath, format, output, isSilent, files: queue };
}

class Usage extends Error {}

function readList(file: string): Value {
  const bytes = file === '-' ? readFileSync(0) : readRegular(file);
  const text = bytes.toString('utf8');
  try {
    if (bytes.toString('latin1', 0, 6) === 'bplist') return parse(Uint8Array.from(bytes).buffer);
    if (/^\s*[[{]/.test(text)) return JSON.parse(text) as Value;
    if (/^(?:\ufeff|\s)*<(?:\?xml|!DOCTYPE plist|plist)/.test(text)) return parse(text);
  } catch (error) {
    throw new Failure(`Property List error: ${error instanceof Error ? error.message : ''}`, {
      cause: error,
    });
  }
  throw new Failure(
    `Property List error: Unexpected character ${text.slice(0, 1)} at line 1 / JSON error: JSON text did not start with array or object and option to allow fragments not set. around line 1, column 0.`,
  );
}

function readRegular(file: string): Buffer {
  try {
    if (!lstatSync(file).isSymbolicLink() && !lstatSync(file).isFile())
      throw Object.assign(new Error(), { code: 'EISDIR' });
    return readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    const [number, reason] =
      code === 'EACCES' ? [257, 'you don’t have permission to view it'] : [260, 'there is no such file'];
    throw new Failure(
      `file does not exist or is not readable or is not a regular file (Error Domain=NSCocoaErrorDomain Code=${number} "The file “${basename(file)}” couldn’t be opened because ${reason}." UserInfo={NSFilePath=${file}})`,
      { cause: error },
    );
  }
}

function valueAt(list: Value, keyPath: string): Value {
  let value: unknown = list;
  for (const key of keyPath.split('.')) {
    const inner: unknown =
      isContainer(value) && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
    if (inner === undefined)
      throw new Failure(
        `Could not extract value, error: No value at that key path or invalid key path: ${keyPath}`,
      );
    value = inner;
  }
  return value as Value;
}

function isContainer(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && !(value instanceof Date) && !ArrayBuffer.isView(value)
  );
}

function write(value: Value, format: string, keyPath: string): Buffer {
  const kind = FORMATS[format];
  if (kind === 'json') return Buffer.from(JSON.stringify(value));
  if (kind === 'raw') return Buffer.from(`${raw(value)}\n`);
  if (!isContainer(value) && keyPath === '')
    throw new Failure('invalid object in plist for destination format');
  const made = kind === 1 ? serialize(value, 1) : serialize(value, 0);
  return typeof made === 'string' ? Buffer.from(made) : Buffer.from(new Uint8Array(made));
}

/** plutil(1), "raw": of an array its length, of a dictionary its keys, of data base64. */
function raw(value: unknown): string {
  if (Array.isArray(value)) return String(value.length);
  if (value instanceof Date) return value.toISOString().replace(/\.\d+Z$/, 'Z');
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('base64');
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (isContainer(value)) return Object.keys(value).sort().join('\n');
  return String(value);
}

function print(text: string | Uint8Array): void {
  if (typeof text === 'string') writeSync(1, text);
  else writeSync(1, text);
}

await runMain(main);
