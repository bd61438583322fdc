import { beforeAll, describe, expect, it } from 'vitest';
import type { Language } from '../../src/texts/language.ts';
import { makeUpdatePair, NEW_VERSION, type UpdatePair } from '../support/update-pair.ts';
import { eventually } from './eventually.ts';
import { CAN_RUN, type Hand, type LiveClient, SKIPPED, useLiveClients } from './live-client.ts';

const UPDATE = { app: 'Nexy', version: NEW_VERSION };

describe.skipIf(!CAN_RUN)(`QA's panel, in the window of the running client${SKIPPED}`, () => {
  const clients = useLiveClients();
  let pair: UpdatePair;
  beforeAll(async () => {
    pair = await makeUpdatePair({ hasFramework: false });
  });

  it.each<[Hand, Language]>([
    ['mouse', 'en'],
    ['keyboard', 'ru'],
  ])(
    'decides about what is pretended, and changes nothing (%s, %s)',
    { timeout: 240_000 },
    async (hand, language) => {
      const live = await clients.open(pair.oldApp, { hand, language, name: `qa ${hand}` });
      const { client, texts } = live;
      const { form, copyName } = texts.qa;
      client.publish(NEW_VERSION, pair.image, { rollout: { percentage: 50, salt: 'x' } });
      await live.start();
      // Option-click on Check for Updates….
      client.updates?.openQa();
      await live.show();
      await live.shows(texts.idle.title(UPDATE));
      await live.inspect('qa nothing yet');
      const asked = () => client.world.host.log.length;
      expect(asked()).toBe(0);

      await live.fill(form.bucket, '10000');
      await live.press(form.check);
      await live.page.getByText(form.wrong.bucket).waitFor();
      expect(await live.page.evaluate(() => document.activeElement?.id)).toBe('qa-bucket');
      expect(asked()).toBe(0);

      const decide = async (reason: string): Promise<void> => {
        await live.press(form.check);
        await eventually(async () => expect(await reasonOf(live)).toBe(reason));
      };
      await live.fill(form.bucket, '9999');
      await decide('rollout');
      await live.fill(form.bucket, '0');
      await decide('newer');
      await live.fill(form.osVersion, '10.15');
      await decide('os-too-old');
      expect(await factOf(live, 'macosVersion')).toBe(`10.15 ${texts.qa.facts.pretended}`);
      await live.inspect('qa os-too-old');
      await live.fill(form.osVersion, '');
      await live.fill(form.currentVersion, NEW_VERSION);
      await decide('up-to-date');
      expect(await factOf(live, 'currentVersion')).toBe(`${NEW_VERSION} ${texts.qa.facts.pretended}`);
      await live.press(copyName);
      await eventually(() => expect(client.electron.copied).toHaveLength(1));
      expect(client.electron.copied[0]).toContain(`currentVersion: ${NEW_VERSION} (pretended)`);

      // All that time the window said what it says to everybody, and nothing was downloaded.
      expect(await live.headings()).toEqual([texts.idle.title(UPDATE)]);
      expect(client.world.host.log.filter(({ on }) => on !== 'manifest')).toEqual([]);
      live.expectUntouched();

      await live.page.keyboard.press('Escape');
      await eventually(() => expect(client.electron.openWindows).toEqual([]));
      await live.check();
      await live.shows(texts.ready.title(UPDATE));
      expect(await live.page.locator('aside').count()).toBe(0);
      expect(client.updates?.model).toMatchObject({ currentVersion: '2.0.0.45', qa: null });
    },
  );
});

function reasonOf({ page }: LiveClient): Promise<string | null> {
  return page.locator('aside.qa > dl dd').nth(1).textContent({ timeout: 1000 });
}

function factOf({ page }: LiveClient, name: string): Promise<string | null> {
  const row = page.locator('aside.qa tr', { has: page.getByRole('cell', { name, exact: true }) });
  return row.locator('td').nth(1).textContent();
}
