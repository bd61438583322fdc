import { chmodSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { runShell } from './do-shell-script.ts';

export interface AgentRequest {
  readonly command: string;
  readonly prompt: string | null;
}

export type AgentAnswer =
  | { readonly kind: 'ran'; readonly status: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'cancelled' | 'wrong-password' | 'no-interaction' };

/** What the person does when the password is asked for. */
export type PersonsAnswer = 'allows' | 'cancelled' | 'wrong-password' | 'no-interaction';

export interface AuthorizationAgent {
  /** For `authorizationAgent` in a machine.json. */
  readonly path: string;
  /** Everything that was asked, in order. */
  readonly requests: readonly AgentRequest[];
  answer: PersonsAnswer;
  close(): Promise<void>;
}

/**
 * Stands in for the person at the Mac and for the system's authorization service: a process of root that answers
 * `do shell script ... with administrator privileges` of unprivileged users on a socket. Started by tests that run as
 * root.
 *
 * @param path of the socket to be made
 * @param shell that runs what was allowed; `/bin/sh` on a Mac
 */
export async function startAuthorizationAgent(
  path: string,
  shell?: readonly string[],
): Promise<AuthorizationAgent> {
  const requests: AgentRequest[] = [];
  const agent = { path, requests, answer: 'allows' as PersonsAnswer };
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    let text = '';
    socket.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    // Whoever asked may have been killed.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('end', async () => {
      const request = JSON.parse(text) as AgentRequest;
      requests.push(request);
      const answer =
        agent.answer === 'allows' ? await runShell(request.command, shell) : { kind: agent.answer };
      if (!socket.destroyed) socket.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  chmodSync(path, 0o666);
  return Object.assign(agent, {
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
