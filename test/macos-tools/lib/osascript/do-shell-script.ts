import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { readMachine, ToolEnd } from '../tool.ts';
import type { AgentAnswer, AgentRequest } from './authorization-agent.ts';

export interface ShellRequest {
  readonly command: string;
  readonly prompt: string | null;
  readonly isPrivileged: boolean;
  /** LF becomes CR, unless the script says otherwise (Technical Note TN2065). */
  readonly altersLineEndings: boolean;
}

/** What the shell of `do shell script` gets (TN2065): this PATH, and `/` for whom it runs as root. */
export const SHELL_PATH = '/usr/bin:/bin:/usr/sbin:/sbin';

/**
 * `do shell script`. With administrator privileges the person is asked, unless root is asking; the authorization
 * agent of this machine (`authorizationAgent` in machine.json) is the person, and root's hand.
 */
export async function doShellScript(request: ShellRequest): Promise<string> {
  const answer =
    request.isPrivileged && process.getuid?.() !== 0
      ? await askAgent({ command: request.command, prompt: request.prompt })
      : await runShell(request.command);
  if (answer.kind !== 'ran') throw executionError(REFUSALS[answer.kind]);
  if (answer.status !== 0) {
    const text = answer.stderr.trimEnd() || 'The command exited with a non-zero status.';
    throw executionError(`${text} (${answer.status})`);
  }
  const text = answer.stdout.replace(/\n$/, '');
  return request.altersLineEndings ? text.replaceAll('\n', '\r') : text;
}

/** osascript__user-canceled.txt, osascript__admin-password-incorrect.txt, osascript__no-user-interaction.txt */
const REFUSALS = {
  cancelled: 'User canceled. (-128)',
  'wrong-password': 'The administrator user name or password was incorrect. (-60007)',
  'no-interaction': 'No user interaction allowed. (-1713)',
} as const;

function executionError(text: string): ToolEnd {
  // The range in front is that of the command in the script (osascript__user-canceled.txt).
  return new ToolEnd(1, `0:116: execution error: ${text}\n`);
}

/** Ends when the output has been closed, not when the shell has ended: what it left in the background is waited for too. */
export function runShell(command: string, shell: readonly string[] = ['/bin/sh']): Promise<AgentAnswer> {
  const [program = '/bin/sh', ...options] = shell;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...options, '-c', command], {
      cwd: '/',
      env: { PATH: SHELL_PATH, HOME: process.env['HOME'], TMPDIR: process.env['TMPDIR'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ kind: 'ran', status: status ?? 137, stdout, stderr }));
  });
}

function askAgent(request: AgentRequest): Promise<AgentAnswer> {
  const { authorizationAgent } = readMachine();
  // Without anybody to ask, as over ssh (osascript__admin-password-incorrect.txt).
  if (authorizationAgent === undefined) return Promise.resolve({ kind: 'wrong-password' });
  return new Promise((resolve, reject) => {
    const socket = connect(authorizationAgent, () => socket.end(JSON.stringify(request)));
    let text = '';
    socket.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    socket.on('error', reject);
    socket.on('end', () => resolve(JSON.parse(text) as AgentAnswer));
  });
}
