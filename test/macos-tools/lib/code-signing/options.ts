/** One option of a command-line tool. */
export interface OptionRule {
  /** Name without dashes; one letter for a short option. */
  readonly names: readonly string[];
  readonly argument: 'none' | 'required' | 'optional';
}

/** One option as it was given, under the first of its names. */
export interface GivenOption {
  readonly name: string;
  readonly given: string;
  readonly value: string | null;
}

/** Arguments that the tool does not know. The message is the line that BSD's getopt_long prints. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Reads arguments as BSD's getopt_long(3) does: options anywhere, long names cut short while they stay unique,
 * `--name=value`, `-xVALUE`, `--` for the end. Throws UsageError.
 */
export function readOptions(
  args: readonly string[],
  rules: readonly OptionRule[],
): { readonly options: readonly GivenOption[]; readonly operands: readonly string[] } {
  const options: GivenOption[] = [];
  const operands: string[] = [];
  const queue = [...args];
  const nextFor = (shown: string): string => {
    const value = queue.shift();
    if (value === undefined) throw new UsageError(`option requires an argument -- ${shown}`);
    return value;
  };
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (arg === '--') {
      operands.push(...queue.splice(0));
    } else if (arg.startsWith('--')) {
      const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
      const rule = findLong(rules, name);
      if (rule.argument === 'none' && value !== undefined)
        throw new UsageError(`option doesn't take an argument -- ${name}`);
      const taken = rule.argument === 'required' ? (value ?? nextFor(name)) : (value ?? null);
      options.push({ name: rule.names[0] ?? name, given: `--${name}`, value: taken });
    } else if (arg.startsWith('-') && arg !== '-') {
      let rest = arg.slice(1);
      while (rest !== '') {
        const letter = rest.slice(0, 1);
        rest = rest.slice(1);
        const rule = rules.find(({ names }) => names.includes(letter));
        if (rule === undefined) throw new UsageError(`invalid option -- ${letter}`);
        let value: string | null = null;
        if (rule.argument === 'required') {
          value = rest === '' ? nextFor(letter) : rest;
          rest = '';
        }
        options.push({ name: rule.names[0] ?? letter, given: `-${letter}`, value });
      }
    } else {
      operands.push(arg);
    }
  }
  return { options, operands };
}

function findLong(rules: readonly OptionRule[], name: string): OptionRule {
  const isLong = (candidate: string) => candidate.length > 1;
  const exact = rules.find(({ names }) => names.some((candidate) => isLong(candidate) && candidate === name));
  if (exact !== undefined) return exact;
  const close = rules.filter(({ names }) =>
    names.some((candidate) => isLong(candidate) && candidate.startsWith(name)),
  );
  const [only, another] = close;
  if (only === undefined || name === '') throw new UsageError(`unrecognized option \`--${name}'`);
  if (another !== undefined) throw new UsageError(`ambiguous option -- ${name}`);
  return only;
}
