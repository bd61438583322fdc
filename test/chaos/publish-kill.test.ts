import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { type ReleaseHost, startReleaseHost } from '../../src/lab/release-host/release-host.ts';
import { labelOf, NAMES, startPublisher, writeInbox } from '../support/publisher-process.ts';

const VERSION = '2.0.0.46';

describe('a publisher that is killed after any call', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nexy-kill-'));
  const inbox = writeInbox(folder, 'ours');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is made good by running it again; once more, and there is no writing call', async () => {
    const calls = await countCalls();
    // The calls that read have no effect to be killed at.
    expect(calls.effects).toBe(5);
    for (const when of ['effect', 'answered'] as const) {
      const total = when === 'effect' ? calls.effects : calls.answers;
      for (let number = 1; number <= total; number += 1) await killAt(when, number);
    }
    process.stdout.write(`Killed at ${calls.effects} effects and ${calls.answers} answers.\n`);
  });

  it('so is one that is killed in the middle of an upload', async () => {
    for (const file of NAMES) {
      const host = await startReleaseHost();
      try {
        host.fault({ on: 'upload', file, times: 1, fault: { kind: 'delay', milliseconds: 200 } });
        const publisher = startPublisher(host, { version: VERSION, inbox });
        while (!host.log.some(({ on, path }) => on === 'upload' && path.includes(file))) await wait(1);
        publisher.child.kill('SIGKILL');
        expect(await publisher.report, file).toBeNull();
        expect(await run(host), file).toMatchObject({ result: 'published' });
        expect(host.github.releases().map((release) => labelOf(release, ['ours']))).toEqual(['ours']);
        expect(await run(host), file).toMatchObject({ result: 'already-published', writes: 0 });
      } finally {
        await host.close();
      }
    }
  });

  async function countCalls(): Promise<{ readonly effects: number; readonly answers: number }> {
    const host = await startReleaseHost();
    let effects = 0;
    let answers = 0;
    host.github.onApiCall(({ when }) => {
      if (when === 'effect') effects += 1;
      else answers += 1;
    });
    await run(host);
    await host.close();
    return { effects, answers };
  }

  async function killAt(when: 'effect' | 'answered', number: number): Promise<void> {
    const host = await startReleaseHost();
    const label = `killed at ${when} ${number}`;
    try {
      const publisher = startPublisher(host, { version: VERSION, inbox });
      let met = 0;
      const stop = host.github.onApiCall((call) => {
        if (call.when !== when) return;
        met += 1;
        if (met === number) publisher.child.kill('SIGKILL');
      });
      expect(await publisher.report, label).toBeNull();
      stop();
      const before = host.github.releases().find(({ isDraft }) => !isDraft);
      const second = await run(host);
      expect(second, label).toMatchObject({
        result: before === undefined ? 'published' : 'already-published',
      });
      const releases = host.github.releases();
      expect(releases, label).toMatchObject([
        { isDraft: false, tag: `v${VERSION}`, ...(before && { id: before.id }) },
      ]);
      expect(
        releases.map((release) => labelOf(release, ['ours'])),
        label,
      ).toEqual(['ours']);
      expect(await run(host), label).toMatchObject({ result: 'already-published', writes: 0 });
      expect(host.github.releases(), label).toEqual(releases);
    } finally {
      await host.close();
    }
  }

  function run(host: ReleaseHost): Promise<unknown> {
    return startPublisher(host, { version: VERSION, inbox }).report;
  }
});
