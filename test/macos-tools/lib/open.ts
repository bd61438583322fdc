import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from '@plist/plist';
import { runMain, ToolEnd } from './tool.ts';

const USAGE = `Usage: open [-e] [-t] [-f] [-W] [-R] [-n] [-g] [-h] [-s <partial SDK name>][-b <bundle identifier>] [-a <application>] [-u URL] [filenames] [--args arguments]
Help: Open opens files from a shell.
`;

interface Request {
  readonly application: string | null;
  readonly files: readonly string[];
  readonly isNew: boolean;
  readonly waits: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly applicationArguments: readonly string[];
  readonly streams: readonly (string | null)[];
}

function main(toolArguments: readonly string[]): number | Promise<number> {
  const request = parseRequest(toolArguments);
  const bundle = findBundle(request);
  const executable = findExecutable(bundle);
  if (!request.isNew && isRunning(executable)) return 0;
  return start(executable, bundle, request);
}

function parseRequest(toolArguments: readonly string[]): Request {
  let application: string | null = null;
  const files: string[] = [];
  const flags = new Set<string>();
  const environment: Record<string, string> = {};
  const streams: (string | null)[] = [null, null, null];
  let applicationArguments: readonly string[] = [];
  for (let index = 0; index < toolArguments.length; index += 1) {
    const argument = toolArguments[index] ?? '';
    const value = (): string => {
      index += 1;
      const found = toolArguments[index];
      if (found === undefined)
        throw new ToolEnd(1, `open: option requires an argument -- ${argument.slice(1)}\n${USAGE}`);
      return found;
    };
    const stream = ['--stdin', '--stdout', '--stderr'].indexOf(argument);
    if (argument === '--args') {
      applicationArguments = toolArguments.slice(index + 1);
      break;
    }
    if (argument === '--env') {
      const text = value();
      const equals = text.indexOf('=');
      environment[equals < 0 ? text : text.slice(0, equals)] = equals < 0 ? '' : text.slice(equals + 1);
    } else if (stream >= 0) streams[stream] = value();
    else if (argument === '-a') application = value();
    else if (/^-[ngjWFR]+$/.test(argument)) for (const letter of argument.slice(1)) flags.add(letter);
    else if (argument.startsWith('-'))
      throw new ToolEnd(1, `open: unrecognized option \`${argument}'\n${USAGE}`);
    else files.push(argument);
  }
  if (application === null && files.length === 0) throw new ToolEnd(1, USAGE);
  return {
    application,
    files,
    isNew: flags.has('n'),
    waits: flags.has('W'),
    environment,
    applicationArguments,
    streams,
  };
}

/** The bundle's path, links resolved. */
function findBundle({ application, files }: Request): string {
  const named = application ?? files[0] ?? '';
  const path = resolve(named);
  if (existsSync(path) && statSync(path).isDirectory()) return realpathSync(path);
  if (application === null) {
    // No recording has this line ("Not found" in the recordings' README).
    if (!existsSync(path)) throw new ToolEnd(1, `The file ${path} does not exist.\n`);
    throw new ToolEnd(1, `No application knows how to open ${path}.\n`);
  }
  if (!named.includes('/'))
    for (const folder of ['/Applications', join(homedir(), 'Applications')]) {
      const candidate = join(folder, named.endsWith('.app') ? named : `${named}.app`);
      if (existsSync(candidate)) return realpathSync(candidate);
    }
  throw new ToolEnd(1, `Unable to find application named '${named}'\n`);
}

function findExecutable(bundle: string): string {
  const executable = join(bundle, 'Contents', 'MacOS', executableName(bundle) ?? '');
  if (existsSync(executable) && statSync(executable).isFile()) return executable;
  // open__no-executable.txt
  throw unexpected(
    '',
    'NSOSStatusErrorDomain',
    '-10827 "kLSNoExecutableErr: The executable is missing"',
    '{_LSLine=4288, _LSFunction=_LSOpenStuffCallLocal, _LSFile=LSOpenCore.mm, _LSErrorMessage=kLSNoExecutableErr}',
  );
}

function unexpected(application: string, domain: string, code: string, information: string): ToolEnd {
  return new ToolEnd(
    1,
    `The application ${application}cannot be opened for an unexpected reason, error=Error Domain=${domain} Code=${code} UserInfo=${information}\n`,
  );
}

function executableName(bundle: string): string | null {
  try {
    const bytes = readFileSync(join(bundle, 'Contents', 'Info.plist'));
    const isBinary = bytes.toString('latin1', 0, 6) === 'bplist';
    const information = parse(isBinary ? new Uint8Array(bytes).buffer : bytes.toString('utf8'));
    const name = Object.entries(information as object).find(([key]) => key === 'CFBundleExecutable')?.[1];
    return typeof name === 'string' && name !== '' ? name : null;
  } catch {
    return null;
  }
}

/** Whether the program runs already: then it is only brought to the front. */
function isRunning(executable: string): boolean {
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      return words[0] === executable || words[1] === executable;
    } catch {
      return false;
    }
  });
}

/** Mach-O, for one architecture or several; both byte orders. */
const MACH_O = ['feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe', 'cafebabf'];

function start(executable: string, bundle: string, request: Request): Promise<number> {
  const launchFailed = (number: number, text: string) =>
    unexpected(
      `${bundle} `,
      'NSPOSIXErrorDomain',
      `${number} "${text}"`,
      '{_LSLine=4141, _LSFunction=_LSOpenStuffCallLocal}',
    );
  if (MACH_O.includes(firstBytes(executable))) throw launchFailed(8, 'Exec format error');
  const streams = request.streams.map((path, index) =>
    path === null ? ('ignore' as const) : openSync(path, index === 0 ? 'r' : 'a'),
  );
  return new Promise((done, fail) => {
    const { HOME, PATH, TMPDIR, USER } = process.env;
    const files = request.application === null ? request.files.slice(1) : request.files;
    const child = spawn(executable, [...files, ...request.applicationArguments], {
      cwd: '/',
      detached: true,
      stdio: streams,
      env: { HOME, PATH, TMPDIR, USER, LOGNAME: USER, ...request.environment },
    });
    child.on('error', (error) =>
      fail(
        'code' in error && error.code === 'EACCES'
          ? launchFailed(13, 'Permission denied')
          : launchFailed(8, 'Exec format error'),
      ),
    );
    child.on('spawn', () => {
      if (request.waits) return;
      child.unref();
      done(0);
    });
    child.on('exit', () => done(0));
  });
}

function firstBytes(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(4);
    readSync(file, bytes, 0, 4, 0);
    return bytes.toString('hex');
  } finally {
    closeSync(file);
  }
}

await runMain(main);
