import { ToolEnd } from '../tool.ts';
import { type AppleScriptToken, tokenize } from './apple-script-tokens.ts';
import { doShellScript, type ShellRequest } from './do-shell-script.ts';

type Value = string | number;

/**
 * AppleScript, as far as the product uses it: a `run` handler with `set`, `repeat with ... from ... to ...`, and
 * `do shell script` (AppleScript Language Guide; the dictionary of StandardAdditions). Anything else is refused as a
 * syntax error, so that nothing passes here that nobody has thought about.
 */
export async function runAppleScript(script: string, scriptArguments: readonly string[]): Promise<string> {
  return new Interpreter(script, scriptArguments).run();
}

class Interpreter {
  readonly #lines: readonly (readonly AppleScriptToken[])[];
  readonly #argv: readonly string[];
  readonly #variables = new Map<string, Value>();
  #result: Value = '';

  constructor(script: string, argv: readonly string[]) {
    this.#lines = script
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('--'))
      .map(tokenize);
    this.#argv = argv;
  }

  async run(): Promise<string> {
    const words = (line: readonly AppleScriptToken[] | undefined) =>
      (line ?? []).map(({ text }) => text).join(' ');
    if (words(this.#lines[0]) !== 'on run argv' || words(this.#lines.at(-1)) !== 'end run')
      throw syntaxError('only one handler, "on run argv", is understood by this double');
    await this.#runBlock(1, this.#lines.length - 1);
    return String(this.#result);
  }

  async #runBlock(start: number, end: number): Promise<void> {
    for (let at = start; at < end; at += 1) {
      const line = new Line(this.#lines[at] ?? [], this.#argv, this.#variables);
      if (line.takes('set')) {
        const name = line.word();
        line.expect('to');
        this.#variables.set(name, line.expression());
        line.expectEnd();
      } else if (line.takes('repeat')) {
        const last = this.#endOfRepeat(at, end);
        await this.#repeat(line, at + 1, last);
        at = last;
      } else if (line.takes('do')) {
        this.#result = await doShellScript(readShellRequest(line));
      } else throw syntaxError(line.rest());
    }
  }

  async #repeat(line: Line, start: number, end: number): Promise<void> {
    line.expect('with');
    const name = line.word();
    line.expect('from');
    const from = Number(line.expression());
    line.expect('to');
    const to = Number(line.expression());
    line.expectEnd();
    for (let count = from; count <= to; count += 1) {
      this.#variables.set(name, count);
      await this.#runBlock(start, end);
    }
  }

  #endOfRepeat(start: number, end: number): number {
    for (let at = start + 1; at < end; at += 1)
      if ((this.#lines[at] ?? []).map(({ text }) => text).join(' ') === 'end repeat') return at;
    throw syntaxError('repeat without end repeat');
  }
}

function readShellRequest(line: Line): ShellRequest {
  line.expect('shell');
  line.expect('script');
  const command = String(line.expression());
  let prompt: string | null = null;
  let isPrivileged = false;
  let altersLineEndings = true;
  while (!line.isAtEnd()) {
    if (line.takes('with')) {
      if (line.takes('prompt')) prompt = String(line.expression());
      else {
        line.expect('administrator');
        line.expect('privileges');
        isPrivileged = true;
      }
    } else {
      line.expect('without');
      line.expect('altering');
      line.expect('line');
      line.expect('endings');
      altersLineEndings = false;
    }
  }
  return { command, prompt, isPrivileged, altersLineEndings };
}

class Line {
  readonly #tokens: readonly AppleScriptToken[];
  readonly #argv: readonly string[];
  readonly #variables: ReadonlyMap<string, Value>;
  #at = 0;

  constructor(
    tokens: readonly AppleScriptToken[],
    argv: readonly string[],
    variables: ReadonlyMap<string, Value>,
  ) {
    this.#tokens = tokens;
    this.#argv = argv;
    this.#variables = variables;
  }

  takes(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind === 'string' || token?.text !== word) return false;
    this.#at += 1;
    return true;
  }

  expect(word: string): void {
    if (!this.takes(word)) throw syntaxError(`expected "${word}" before: ${this.rest()}`);
  }

  word(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word') throw syntaxError(`expected a name before: ${this.rest()}`);
    this.#at += 1;
    return token.text;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  expectEnd(): void {
    if (!this.isAtEnd()) throw syntaxError(this.rest());
  }

  rest(): string {
    return this.#tokens
      .slice(this.#at)
      .map(({ text }) => text)
      .join(' ');
  }

  /** Terms joined with `&`. */
  expression(): Value {
    let value = this.#term();
    while (this.takes('&')) value = `${value}${this.#term()}`;
    return value;
  }

  #term(): Value {
    if (this.takes('(')) {
      const value = this.expression();
      this.expect(')');
      return value;
    }
    if (this.takes('quoted')) {
      this.expect('form');
      this.expect('of');
      return `'${String(this.#term()).replaceAll("'", "'\\''")}'`;
    }
    if (this.takes('count')) {
      this.expect('of');
      this.expect('argv');
      return this.#argv.length;
    }
    if (this.takes('item')) {
      const position = Number(this.#term());
      this.expect('of');
      this.expect('argv');
      const item = this.#argv[position - 1];
      if (item === undefined)
        throw new ToolEnd(1, `0:0: execution error: Can’t get item ${position} of argv. (-1728)\n`);
      return item;
    }
    const token = this.#tokens[this.#at];
    if (token === undefined) throw syntaxError('the line ends too early');
    this.#at += 1;
    if (token.kind === 'string') return token.text;
    if (token.kind === 'number') return Number(token.text);
    const value = this.#variables.get(token.text);
    if (value === undefined)
      throw new ToolEnd(1, `0:0: execution error: The variable ${token.text} is not defined. (-2753)\n`);
    return value;
  }
}

function syntaxError(what: string): ToolEnd {
  return new ToolEnd(1, `0:0: syntax error: ${what} (-2741)\n`);
}
