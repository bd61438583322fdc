import { ToolEnd } from '../tool.ts';

export interface AppleScriptToken {
  readonly kind: 'word' | 'number' | 'string' | 'sign';
  readonly text: string;
}

const TOKEN = /\s+|"((?:[^"\\]|\\.)*)"|([A-Za-z_]\w*)|(\d+)|([&()])/y;

/** Splits one line of AppleScript; a string's backslashes are resolved. */
export function tokenize(line: string): readonly AppleScriptToken[] {
  const tokens: AppleScriptToken[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < line.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(line);
    if (match === null) throw new ToolEnd(1, `0:${at}: syntax error: ${line.slice(at)} (-2741)\n`);
    const [, string, word, number, sign] = match;
    if (string !== undefined) tokens.push({ kind: 'string', text: string.replace(/\\(.)/g, '$1') });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}
