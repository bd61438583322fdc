import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MACOS_TOOLS } from '../support/fixtures.ts';
import { makeMac } from '../support/make-mac.ts';

/** A Mac on which one tool can be made to wait, so that a step that is soon over can be looked at. */
export interface HoldingMac {
  readonly tools: string;
  hold(): void;
  /** Whether somebody called the tool and waits. */
  isHeld(): boolean;
  release(): void;
}

export function makeHoldingMac(folder: string, tool: string): HoldingMac {
  const tools = makeMac(folder, {});
  const [held, waiting] = [join(folder, 'held'), join(folder, 'waiting')];
  const path = join(tools, tool);
  rmSync(path);
  const script = [
    '#!/bin/sh',
    `while [ -e '${held}' ]; do : > '${waiting}'; sleep 0.05; done`,
    `exec '${join(MACOS_TOOLS, tool)}' "$@"`,
  ];
  writeFileSync(path, `${script.join('\n')}\n`, { mode: 0o755 });
  return {
    tools,
    hold: () => writeFileSync(held, ''),
    isHeld: () => existsSync(waiting),
    release: () => rmSync(held),
  };
}
