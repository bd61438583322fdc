import { once } from 'node:events';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { canMakeImages } from '../support/make-image.ts';
import { type RunningCli, startCli } from '../support/run-cli.ts';
import { makeUpdatePair, type UpdatePair } from '../support/update-pair.ts';
import { UpdateWorld } from '../support/update-world.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

/** In the order of an update; `progress` is in the middle of the download. */
const STEPS = ['checking', 'downloading', 'progress', 'opening', 'verifying', 'staging', 'ready'] as const;

describe.skipIf(!canMakeImages())(`an update that is told to stop${skipped}`, () => {
  let pair: UpdatePair;
  let world: UpdateWorld;

  beforeAll(async () => {
    pair = await makeUpdatePair({ extraFiles: { 'Contents/Resources/large': noise(60_000) } });
  });
  beforeEach(async () => {
    world = await UpdateWorld.open();
    onTestFinished(() => world.close());
    world.install(pair.oldApp);
    world.publish('2.0.0.46', pair.image);
  });

  /** Nothing was changed and nothing is left, or the update was done before the word came. */
  async function expectClean(running: RunningCli, mayBeDone: boolean): Promise<void> {
    const { status, json, stderr } = await running.result;
    const isDone = status === 0;
    if (isDone && mayBeDone) expect(json).toMatchObject({ installed: true });
    else {
      expect({ status, json }, stderr).toMatchObject({ status: 1, json: { error: { code: 'cancelled' } } });
      expect((json as { error: { message: string } }).error.message).toMatch(/cancelled\./);
    }
    expect(world.installedTree()).toEqual(isDone ? pair.newTree : pair.oldTree);
    expect(world.mounted()).toEqual([]);
    if (!isDone) expect(world.beside()).toEqual([]);
    expect((await world.installation('recover')).json).toMatchObject({ action: 'none' });
  }

  // Every step meets one signal here, and SIGINT below.
  it.each(STEPS.map((step, index) => [step, index % 2 === 0 ? 'SIGTERM' : 'SIGHUP'] as const))(
    'at %s by %s cleans up, and says so',
    async (step, name) => {
      slowDown(step);
      const running = startCli(world.updateArguments());
      await sawStep(running, step);
      running.child.kill(name);
      await expectClean(running, step === 'ready');
    },
  );

  it.each(STEPS)('at %s by Ctrl-C, which reaches the tools that it runs as well', async (step) => {
    slowDown(step);
    const running = startCli(world.updateArguments(), { detached: true });
    await sawStep(running, step);
    process.kill(-(running.child.pid ?? 0), 'SIGINT');
    await expectClean(running, step === 'ready');
  });

  it.each(['downloading', 'opening', 'staging'] as const)(
    'twice, at %s, ends at once; recover clears what is left',
    async (step) => {
      const goOn = slowDown(step);
      const running = startCli(world.updateArguments());
      await sawStep(running, step);
      running.child.kill('SIGINT');
      running.child.kill('SIGTERM');
      expect((await running.result).status).toBe(1);
      goOn();
      expect(world.installedTree()).toEqual(pair.oldTree);
      expect((await world.installation('recover')).status).toBe(0);
      expect(world.beside()).toEqual([]);
      expect(world.mounted()).toEqual([]);
      expect((await world.update()).json).toMatchObject({ installed: true });
    },
  );

  it.each(['stdout', 'stderr', 'both'] as const)(
    'only by a reader that closes %s goes on to its end',
    async (which) => {
      const running = startCli(world.updateArguments().filter((word) => word !== '--json'));
      const { stdout, stderr } = running.child;
      if (which !== 'stderr') stdout?.destroy();
      if (which !== 'stdout') stderr?.destroy();
      await once(running.child, 'exit');
      expect(running.child.exitCode).toBe(0);
      expect(world.installedTree()).toEqual(pair.newTree);
      expect(world.mounted()).toEqual([]);
    },
  );

  /** Makes the step last; what it returns ends that. */
  function slowDown(step: (typeof STEPS)[number]): () => void {
    switch (step) {
      case 'checking':
        return world.host.fault({ on: 'manifest', fault: { kind: 'stall', after: 10 } });
      case 'downloading':
        return world.host.fault({ fault: { kind: 'stall', after: 0 } });
      case 'progress':
        return world.host.fault({ fault: { kind: 'trickle', bytesPerSecond: 20_000 } });
      default:
        return () => undefined;
    }
  }
});

/** Waits until the update tells of a step (or of progress), or ends. */
async function sawStep(running: RunningCli, step: string): Promise<void> {
  const word = step === 'progress' ? '"event":"progress"' : `"step":"${step}"`;
  const seen = new Promise<void>((fulfil) => {
    let text = '';
    running.child.stderr?.on('data', (chunk: Buffer) => {
      text += String(chunk);
      if (text.includes(word)) fulfil();
    });
  });
  await Promise.race([seen, running.result]);
}

/** Bytes that do not get smaller in an image. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state >> 16;
  });
}
