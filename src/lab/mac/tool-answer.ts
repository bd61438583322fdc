import type { ToolResult } from '../../install/tools.ts';

/** All went well. */
export function answer(stdout: string, stderr = ''): ToolResult {
  return { status: 0, stdout, stderr };
}

/** Apple's tools tell on stderr what went wrong. */
export function failure(status: number, stderr: string): ToolResult {
  return { status, stdout: '', stderr };
}

/** A double that did as if it knew everything would hide what the real tool does with it. */
export function notUnderstood(name: string, args: readonly string[]): ToolResult {
  return failure(64, `${name}: this Mac of the lab does not understand: ${args.join(' ')}\n`);
}
