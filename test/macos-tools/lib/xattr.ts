import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { extendedAttributes } from './extended-attributes.ts';
import { runMain, systemErrorText, ToolEnd } from './tool.ts';

/** xattr(1), the program that came with macOS 10.15 and later. */
const USAGE = `usage: xattr [-l] [-r] [-s] [-v] [-x] file [file ...]
       xattr -p [-l] [-r] [-s] [-v] [-x] attr_name file [file ...]
       xattr -w [-r] [-s] [-x] attr_name attr_value file [file ...]
       xattr -d [-r] [-s] attr_name file [file ...]
       xattr -c [-r] [-s] file [file ...]

The first form lists the names of all xattrs on the given file(s).
The second form (-p) prints the value of the xattr attr_name.
The third form (-w) sets the value of the xattr attr_name to the string attr_value.
The fourth form (-d) deletes the xattr attr_name.
The fifth form (-c) deletes (clears) all xattrs.

options:
  -h: print this help
  -l: print long format (attr_name: attr_value and hex output has offsets and
      ascii representation)
  -r: act recursively
  -s: act on the symbolic link itself rather than what the link points to
  -v: also print filename (automatic with -r and with multiple files)
  -x: attr_value is represented as a hex string for input and output
`;

/** It cannot be removed, and nothing says so (xattr__provenance-cannot-be-removed.txt). */
const PERMANENT = 'com.apple.provenance';

interface Flags {
  readonly letters: ReadonlySet<string>;
  readonly operands: readonly string[];
}

function main(toolArguments: readonly string[]): number {
  const { letters, operands } = parseFlags(toolArguments);
  if (letters.has('h')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [verb, ...others] = ['p', 'w', 'd', 'c'].filter((letter) => letters.has(letter));
  if (others.length > 0) throw new ToolEnd(64, USAGE);
  const nameCount = verb === 'w' ? 2 : verb === 'p' || verb === 'd' ? 1 : 0;
  const files = operands.slice(nameCount);
  if (files.length === 0) throw new ToolEnd(64, USAGE);
  const [name = '', value = ''] = operands;
  return new Run(letters, verb, name, value, files.length).all(files);
}

function parseFlags(toolArguments: readonly string[]): Flags {
  const letters = new Set<string>();
  let index = 0;
  for (; index < toolArguments.length; index += 1) {
    const argument = toolArguments[index] ?? '';
    if (argument === '--help') letters.add('h');
    else if (argument === '--' || !/^-./.test(argument)) break;
    else
      for (const letter of argument.slice(1)) {
        if (!'hlrsvxpwdcz'.includes(letter))
          throw new ToolEnd(64, `xattr: option -${letter} not recognized\n${USAGE}`);
        letters.add(letter);
      }
  }
  if (toolArguments[index] === '--') index += 1;
  return { letters, operands: toolArguments.slice(index) };
}

class Run {
  readonly #letters: ReadonlySet<string>;
  readonly #verb: string | undefined;
  readonly #name: string;
  readonly #value: Buffer;
  readonly #isNamed: boolean;
  readonly #onLinks: boolean;
  readonly #attributes: ReturnType<typeof extendedAttributes>;
  #status = 0;

  constructor(
    letters: ReadonlySet<string>,
    verb: string | undefined,
    name: string,
    value: string,
    count: number,
  ) {
    this.#letters = letters;
    this.#verb = verb;
    this.#name = name;
    this.#value = letters.has('x') ? Buffer.from(value.replaceAll(/\s/g, ''), 'hex') : Buffer.from(value);
    this.#isNamed = count > 1 || letters.has('r') || letters.has('v');
    this.#onLinks = letters.has('s');
    this.#attributes = extendedAttributes(this.#onLinks);
  }

  all(files: readonly string[]): number {
    for (const file of files) this.#visit(file);
    return this.#status;
  }

  #visit(file: string): void {
    if (!isThere(file, this.#onLinks)) {
      this.#fail(`xattr: No such file: ${file}\n`);
      return;
    }
    try {
      this.#act(file);
    } catch (error) {
      this.#fail(`xattr: ${describeError(error, file)}\n`);
    }
    if (!this.#letters.has('r') || !lstatSync(file).isDirectory()) return;
    try {
      for (const name of readdirSync(file).sort()) this.#visit(join(file, name));
    } catch (error) {
      this.#fail(`xattr: ${describeError(error, file)}\n`);
    }
  }

  #act(file: string): void {
    if (this.#verb === 'w') this.#attributes.set(file, this.#name, this.#value);
    else if (this.#verb === 'c') {
      for (const name of this.#attributes.list(file))
        if (name !== PERMANENT) this.#attributes.remove(file, name);
    } else if (this.#verb === 'd') {
      if (this.#name === PERMANENT && this.#attributes.get(file, PERMANENT) !== null) return;
      // A tree is walked for those files that have the attribute.
      if (!this.#attributes.remove(file, this.#name) && !this.#letters.has('r')) this.#missing(file);
    } else if (this.#verb === 'p') {
      const value = this.#attributes.get(file, this.#name);
      if (value !== null) this.#print(file, this.#name, value);
      else if (!this.#letters.has('r')) this.#missing(file);
    } else
      for (const name of this.#attributes.list(file)) {
        if (this.#letters.has('l'))
          this.#print(file, name, this.#attributes.get(file, name) ?? Buffer.alloc(0));
        else process.stdout.write(`${this.#isNamed ? `${file}: ` : ''}${name}\n`);
      }
  }

  /** Values come as they are, binary ones too (xattr__list-quarantine-chrome.txt). */
  #print(file: string, name: string, value: Buffer): void {
    const label = `${this.#isNamed ? `${file}: ` : ''}${this.#letters.has('l') ? `${name}: ` : ''}`;
    const hex = (value.toString('hex').toUpperCase().match(/../g) ?? []).join(' ');
    process.stdout.write(
      Buffer.concat([Buffer.from(label), this.#letters.has('x') ? Buffer.from(hex) : value]),
    );
    process.stdout.write('\n');
  }

  #missing(file: string): void {
    this.#fail(`xattr: ${file}: No such xattr: ${this.#name}\n`);
  }

  #fail(text: string): void {
    process.stderr.write(text);
    this.#status = 1;
  }
}

function isThere(file: string, onLinks: boolean): boolean {
  try {
    return (onLinks ? lstatSync : statSync)(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** Form of xattr__permission-denied.txt, with the numbers of macOS (sys/errno.h). */
function describeError(error: unknown, file: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const numbers: Readonly<Record<string, number>> = {
    EPERM: 1,
    ENOENT: 2,
    EACCES: 13,
    ENOSPC: 28,
    EROFS: 30,
    ENOTSUP: 45,
  };
  return `[Errno ${numbers[code] ?? 22}] ${systemErrorText(error)}: '${file}'`;
}

await runMain(main);
