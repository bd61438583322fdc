import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AuthorizationAgent,
  startAuthorizationAgent,
} from '../macos-tools/lib/osascript/authorization-agent.ts';
import type { Machine } from '../macos-tools/lib/tool.ts';
import { makeMac } from './make-mac.ts';
import { ALICE, type OtherUser } from './other-user.ts';
import { type CliResult, startCli } from './run-cli.ts';
import { UpdateWorld } from './update-world.ts';

/** The shells that /bin/sh of a Mac may be taken for, with their arguments. */
export const SHELLS: Readonly<Record<string, readonly string[]>> = {
  dash: ['/bin/dash'],
  'bash --posix': ['/bin/bash', '--posix'],
  'busybox sh': ['/bin/busybox', 'sh'],
};

/**
 * A Mac whose app belongs to root, in a folder that root alone may write, and Alice, an ordinary user of it, for whom
 * somebody answers when an administrator's password is asked for. Root only.
 */
export interface AuthorizedWorld {
  readonly world: UpdateWorld;
  readonly agent: AuthorizationAgent;
  readonly user: OtherUser;
  /** Runs an update as Alice. */
  update(...more: readonly string[]): Promise<CliResult>;
  close(): Promise<void>;
}

export async function openAuthorizedWorld(
  options: {
    readonly appName?: string;
    readonly shell?: readonly string[];
    readonly user?: OtherUser;
    /** What differs from the usual Mac. */
    readonly machine?: Partial<Machine>;
  } = {},
): Promise<AuthorizedWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'nexy-authorized-'));
  chmodSync(folder, 0o755);
  const authorizationAgent = join(folder, 'agent');
  const tools = makeMac(join(folder, 'tools'), { ...options.machine, authorizationAgent });
  const agent = await startAuthorizationAgent(authorizationAgent, options.shell);
  const { appName } = options;
  const world = await UpdateWorld.open({ tools, ...(appName === undefined ? {} : { appName }) });
  const user = options.user ?? ALICE;
  chmodSync(world.folder, 0o755);
  for (const name of ['cache', 'state']) {
    mkdirSync(join(world.folder, name), { mode: 0o700 });
    chownSync(join(world.folder, name), user.uid, user.gid);
  }
  return {
    world,
    agent,
    user,
    update: (...more) => startCli(world.updateArguments(...more), { user }).result,
    close: async () => {
      await agent.close();
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
