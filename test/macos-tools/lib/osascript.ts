import { readFileSync } from 'node:fs';
import { runAppleScript } from './osascript/apple-script.ts';
import { runJavaScript } from './osascript/java-script.ts';
import { runMain, ToolEnd } from './tool.ts';

const USAGE = 'usage: osascript [-l language] [-i] [-s {h,s,e,o}] [-e script | programfile] [argument ...]\n';

/** osascript(1): lines of a script with -e, or a file; what follows goes to its `run` handler. */
async function main(toolArguments: readonly string[]): Promise<number> {
  const { language, script, scriptArguments } = parseArguments(toolArguments);
  const result =
    language === 'JavaScript'
      ? runJavaScript(script, scriptArguments)
      : await runAppleScript(script, scriptArguments);
  if (result !== '') process.stdout.write(`${result}\n`);
  return 0;
}

function parseArguments(toolArguments: readonly string[]) {
  let language = 'AppleScript';
  const lines: string[] = [];
  let index = 0;
  for (; index < toolArguments.length; index += 2) {
    const [option, value] = toolArguments.slice(index, index + 2);
    if (option === undefined || !option.startsWith('-') || option === '-') break;
    if (value === undefined || (option !== '-e' && option !== '-l')) throw new ToolEnd(2, USAGE);
    if (option === '-e') lines.push(value);
    else language = value;
  }
  if (language !== 'AppleScript' && language !== 'JavaScript')
    throw new ToolEnd(1, `osascript: no such component "${language}".\n`);
  if (lines.length > 0)
    return { language, script: lines.join('\n'), scriptArguments: toolArguments.slice(index) };
  const file = toolArguments[index];
  if (file === undefined) throw new ToolEnd(2, USAGE);
  return {
    language,
    script: readFileSync(file === '-' ? 0 : file, 'utf8'),
    scriptArguments: toolArguments.slice(index + 1),
  };
}

await runMain(main);
