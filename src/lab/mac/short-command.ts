import { basename } from 'node:path';
import type { ToolResult } from '../../install/tools.ts';

const LONGEST = 48;

/**
 * A call of a tool in one line, for people: paths on the Mac as if its folder were the disk, others by their name
 * alone, and what it said where it failed.
 */
export function shortCommand(
  folder: string,
  name: string,
  args: readonly string[],
  { status, stdout, stderr }: ToolResult,
): string {
  const words = args.map((argument) => shorten(argument, folder));
  const said = (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? '';
  const end = status === 0 ? '' : ` → status ${status}${said === '' ? '' : `: ${shortenText(said, folder)}`}`;
  return [name, ...words].join(' ') + end;
}

function shorten(argument: string, folder: string): string {
  if (argument.startsWith(`${folder}/`)) return argument.slice(folder.length);
  if (argument.startsWith('/') && !argument.startsWith('/dev/') && !argument.startsWith('/usr/'))
    return `…/${basename(argument)}`;
  return argument.length > LONGEST ? `${argument.slice(0, LONGEST)}…` : argument;
}

function shortenText(text: string, folder: string): string {
  return text.replaceAll(`${folder}/`, '/');
}
