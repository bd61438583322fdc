import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Recording } from './recorded-tool.ts';

/** One answer of a scripted tool. */
export interface Answer extends Partial<Recording> {
  /** What it does first: shell text that sees the tool's arguments as `$@`. */
  readonly does?: string;
}

/** Makes a program that gives these answers in turn, the last one for ever, and notes what it was asked. */
export function writeScriptedTool(folder: string, name: string, answers: readonly Answer[]): void {
  const path = join(folder, name);
  answers.forEach(({ stdout = '', stderr = '' }, index) => {
    writeFileSync(`${path}.${index}.stdout`, stdout);
    writeFileSync(`${path}.${index}.stderr`, stderr);
  });
  const turns = answers.map(({ does = ':', status = 0 }, index) => {
    const pattern = index === answers.length - 1 ? '*' : index;
    return `${pattern}) ${does}\n cat '${path}.${index}.stdout'; cat '${path}.${index}.stderr' >&2; exit ${status};;`;
  });
  const script = [
    '#!/bin/sh',
    `turn=$(cat '${path}.turn' 2>/dev/null || echo 0)`,
    `echo $((turn + 1)) > '${path}.turn'`,
    `{ for argument; do printf '%s\\037' "$argument"; done; printf '\\036'; } >> '${path}.calls'`,
    'case $turn in',
    ...turns,
    'esac',
  ];
  // What is there may be a link to a double: it is replaced, and not written through.
  rmSync(path, { force: true });
  writeFileSync(path, `${script.join('\n')}\n`, { mode: 0o755 });
}

/** The argument lists that a scripted tool was called with, in order. */
export function callsOf(folder: string, name: string): readonly (readonly string[])[] {
  const path = join(folder, `${name}.calls`);
  if (!existsSync(path)) return [];
  const calls = readFileSync(path, 'utf8').split('\u001e').slice(0, -1);
  return calls.map((call) => call.split('\u001f').slice(0, -1));
}
