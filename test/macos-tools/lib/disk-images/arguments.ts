import { ToolEnd } from '../tool.ts';

export interface ParsedArguments {
  /** Option without its hyphen to its values (none for a switch); the last one given counts. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
}

/** Options of every verb: hdiutil(1), "Common options". */
const COMMON: Readonly<Record<string, number>> = {
  verbose: 0,
  quiet: 0,
  debug: 0,
  help: 0,
  plist: 0,
  puppetstrings: 0,
  srcimagekey: 1,
  encryption: 1,
  stdinpass: 0,
  agentpass: 0,
  recover: 1,
  certificate: 1,
  pubkey: 1,
  cacert: 1,
  insecurehttp: 0,
  shadow: 1,
  imagekey: 1,
  tgtimagekey: 1,
};

/**
 * Sorts a verb's arguments into options and operands, in any order, as hdiutil does.
 *
 * @param own the verb's own options and how many values each takes
 */
export function parseArguments(
  verb: string,
  own: Readonly<Record<string, number>>,
  toolArguments: readonly string[],
): ParsedArguments {
  const options = new Map<string, readonly string[]>();
  const operands: string[] = [];
  for (let index = 0; index < toolArguments.length; index += 1) {
    const argument = toolArguments[index] ?? '';
    if (!argument.startsWith('-') || argument === '-') {
      operands.push(argument);
      continue;
    }
    const name = argument.slice(1);
    const count = own[name] ?? COMMON[name];
    // The wording is getopt_long_only's; no recording has it.
    if (count === undefined)
      throw new ToolEnd(1, `hdiutil: ${verb}: unrecognized option \`${argument}'\n${usage(verb)}`);
    const values = toolArguments.slice(index + 1, index + 1 + count);
    if (values.length < count)
      throw new ToolEnd(1, `hdiutil: ${verb}: option \`${argument}' requires an argument\n${usage(verb)}`);
    options.set(name, values);
    index += count;
  }
  return { options, operands };
}

/** Form recorded in hdiutil__detach-several-devices.txt. */
export function usage(verb: string): string {
  const operand = verb === 'detach' ? '<devname>' : verb === 'info' ? '' : '<image>';
  return `Usage:\thdiutil ${verb} [options]${operand === '' ? '' : ` ${operand}`}\n\thdiutil ${verb} -help\n`;
}

export function oneOperand(verb: string, { operands }: ParsedArguments): string {
  const [operand] = operands;
  if (operand === undefined || operands.length > 1) {
    const what = verb === 'detach' ? 'device' : 'image';
    const problem =
      operand === undefined ? `no ${what} name specified` : `only a single ${what} name can be specified`;
    throw new ToolEnd(1, `hdiutil: ${verb}: ${problem}\n${usage(verb)}`);
  }
  return operand;
}
