import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MACOS_TOOLS } from '../support/fixtures.ts';
import { makeMac } from '../support/make-mac.ts';

/** A Mac on which tools can be made to wait, so that a step that is soon over can be looked at. */
export interface HoldingMac {
  readonly tools: string;
  hold(): void;
  /** Whether somebody called one of them and waits. */
  isHeld(): boolean;
  release(): void;
}

export function makeHoldingMac(folder: string, names: readonly string[]): HoldingMac {
  const tools = makeMac(folder, {});
  const [held, waiting] = [join(folder, 'held'), join(folder, 'waiting')];
  for (const name of names) {
    const script = [
      '#!/bin/sh',
      `while [ -e '${held}' ]; do : > '${waiting}'; sleep 0.05; done`,
      `exec '${join(MACOS_TOOLS, name)}' "$@"`,
    ];
    rmSync(join(tools, name));
    writeFileSync(join(tools, name), `${script.join('\n')}\n`, { mode: 0o755 });
  }
  return {
    tools,
    hold: () => {
      rmSync(waiting, { force: true });
      writeFileSync(held, '');
    },
    isHeld: () => existsSync(waiting),
    release: () => rmSync(held),
  };
}
