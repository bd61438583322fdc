import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { runMain, ToolEnd } from './tool.ts';

const USAGE = `usage: ps [-AaCcEefhjlMmrSTvwXx] [-O fmt | -o fmt] [-G gid[,gid...]]
          [-g grp[,grp...]] [-u [uid,uid...]]
          [-p pid[,pid...]] [-t tty[,tty...]] [-U user[,user...]]
       ps [-L]
`;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly user: number;
  readonly state: string;
  readonly started: Date;
  /** Full path of the executable, as macOS gives it for `comm`. */
  readonly path: string;
  readonly command: string;
}

/** Header, width (0: the rest of the line) and value of each keyword; ps(1), "KEYWORDS". */
const COLUMNS: Readonly<Record<string, readonly [string, number, (of: Process) => string]>> = {
  pid: ['PID', 5, ({ pid }) => String(pid)],
  ppid: ['PPID', 5, ({ parent }) => String(parent)],
  uid: ['UID', 5, ({ user }) => String(user)],
  user: ['USER', -16, ({ user }) => userName(user)],
  state: ['STAT', -4, ({ state }) => state],
  stat: ['STAT', -4, ({ state }) => state],
  lstart: ['STARTED', -28, ({ started }) => formatTime(started)],
  comm: ['COMM', 0, ({ path }) => inVisNotation(path)],
  ucomm: ['UCOMM', -16, ({ path }) => path.slice(path.lastIndexOf('/') + 1)],
  command: ['COMMAND', 0, ({ command }) => inVisNotation(command)],
  args: ['ARGS', 0, ({ command }) => inVisNotation(command)],
};

function main(toolArguments: readonly string[]): number {
  const wanted = parseArguments(toolArguments);
  const processes = readProcesses().filter(
    ({ pid, user }) =>
      (wanted.pids === null || wanted.pids.includes(pid)) &&
      (wanted.isAll || wanted.pids !== null || user === userInfo().uid),
  );
  if (wanted.columns.some(({ header }) => header !== ''))
    process.stdout.write(`${line(wanted.columns, null)}\n`);
  for (const each of processes) process.stdout.write(`${line(wanted.columns, each)}\n`);
  return processes.length > 0 ? 0 : 1;
}

interface Column {
  readonly header: string;
  readonly width: number;
  readonly value: (of: Process) => string;
}

function parseArguments(toolArguments: readonly string[]) {
  let isAll = false;
  let pids: readonly number[] | null = null;
  const columns: Column[] = [];
  for (let index = 0; index < toolArguments.length; index += 1) {
    const argument = toolArguments[index] ?? '';
    const letters = /^-?([AaCcEefwxpo]+)$/.exec(argument)?.[1];
    if (letters === undefined) throw new ToolEnd(1, `ps: illegal argument: ${argument}\n${USAGE}`);
    if (/[Aaex]/.test(letters)) isAll = true;
    const last = letters.at(-1);
    if (last !== 'p' && last !== 'o') continue;
    index += 1;
    const value = toolArguments[index];
    if (value === undefined) throw new ToolEnd(1, `ps: option requires an argument -- ${last}\n${USAGE}`);
    if (last === 'o') columns.push(...parseColumns(value));
    else pids = [...(pids ?? []), ...value.split(/[ ,]+/).map(parsePid)];
  }
  return { isAll, pids, columns: columns.length > 0 ? columns : parseColumns('pid,state,command') };
}

/**
 * strvis(3) with VIS_TAB | VIS_NL | VIS_NOSLASH, as adv_cmds' ps/print.c calls it, for the C locale, one byte at a
 * time: `M-CM-)` for an e with an acute accent, `\\012` for a newline.
 */
function inVisNotation(text: string): string {
  let printed = '';
  for (const byte of Buffer.from(text)) {
    if (byte === 9 || byte === 10 || byte === 160) printed += `\\${byte.toString(8).padStart(3, '0')}`;
    else if (byte === 127) printed += '^?';
    else if (byte === 255) printed += 'M^?';
    else if (byte < 32) printed += `^${String.fromCharCode(byte + 64)}`;
    else if (byte < 127) printed += String.fromCharCode(byte);
    else if (byte < 160) printed += `M^${String.fromCharCode(byte - 64)}`;
    else printed += `M-${String.fromCharCode(byte - 128)}`;
  }
  return printed;
}

function parsePid(text: string): number {
  if (!/^\d+$/.test(text)) throw new ToolEnd(1, `ps: Invalid process id: ${text}\n${USAGE}`);
  return Number(text);
}

/** `name=header` gives a header of one's own, and takes the rest of the argument with it; `name=,` none. */
function parseColumns(text: string): readonly Column[] {
  return text.split(',').map((part) => {
    const [name = '', header] = part.split('=');
    const column = Object.hasOwn(COLUMNS, name) ? COLUMNS[name] : undefined;
    if (column === undefined)
      throw new ToolEnd(1, `ps: ${name}: keyword not found\nps: no valid keywords; valid keywords:\n`);
    return { header: header ?? column[0], width: column[1], value: column[2] };
  });
}

function line(columns: readonly Column[], of: Process | null): string {
  return columns
    .map(({ header, width, value }, index) => {
      const text = of === null ? header : value(of);
      if (width > 0) return text.padStart(width);
      return index === columns.length - 1 ? text : text.padEnd(-width);
    })
    .join(' ');
}

function readProcesses(): readonly Process[] {
  const booted = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((pid) => readProcess(pid, booted) ?? []);
}

const TICKS_PER_SECOND = 100;
/** PF_KTHREAD of the kernel's sched.h, in the field `flags`. */
const KERNEL_THREAD = 0x00200000;

/** proc(5). Null where the process is gone, or is a thread of the kernel: macOS shows none. */
function readProcess(pid: number, booted: number): Process | null {
  try {
    const folder = `/proc/${pid}`;
    const text = readFileSync(`${folder}/stat`, 'utf8');
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const parent = Number(fields[1]);
    if ((Number(fields[6]) & KERNEL_THREAD) !== 0) return null;
    const words = readFileSync(`${folder}/cmdline`, 'utf8').replace(/\0$/, '').split('\0');
    const isDead = fields[0] === 'Z';
    return {
      pid,
      parent,
      user: statSync(folder).uid,
      state: fields[0] ?? '?',
      started: new Date((booted + Math.floor(Number(fields[19]) / TICKS_PER_SECOND)) * 1000),
      path: isDead ? `(${name})` : (executable(folder) ?? words[0] ?? name),
      command: isDead ? '<defunct>' : words.join(' ') || name,
    };
  } catch {
    return null;
  }
}

function executable(folder: string): string | null {
  try {
    return readlinkSync(`${folder}/exe`).replace(/ \(deleted\)$/, '');
  } catch {
    return null;
  }
}

/** passwd(5). A user without a name goes by the number. */
function userName(uid: number): string {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.split(':')[2] === String(uid));
  return line?.split(':')[0] ?? String(uid);
}

/** `%c` of strftime(3) in the C locale: `Mon Nov 23 12:25:06 2026`, the day padded with a blank. */
function formatTime(time: Date): string {
  const [weekday = '', month = '', , year = '', clock = ''] = time.toString().split(' ');
  return `${weekday} ${month} ${String(time.getDate()).padStart(2)} ${clock} ${year}`;
}

await runMain(main);
