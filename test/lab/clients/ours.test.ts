import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Build, type BuildPlan, buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../../src/lab/builds/make-build.ts';
import { type CheckResult, feedPaths, type LabWorld } from '../../../src/lab/clients/client.ts';
import { openOurs } from '../../../src/lab/clients/ours.ts';
import { openMac } from '../../../src/lab/mac/open-mac.ts';
import { type ManifestParts, manifestText } from '../../../src/lab/manifest-text.ts';
import { type ReleaseHost, startReleaseHost } from '../../../src/lab/release-host/release-host.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const INSTALLED = buildPlan('2.0.0.31');
const OFFERED = buildPlan('2.0.0.46');

/** A person with our client, and the release host. */
class Person {
  readonly host: ReleaseHost;
  readonly world: LabWorld;
  readonly said: readonly string[];
  readonly #client: ReturnType<typeof openOurs>;
  #hour = 0;

  private constructor(world: LabWorld, said: readonly string[]) {
    this.host = world.host;
    this.world = world;
    this.said = said;
    this.#client = openOurs(world);
  }

  static async open({
    macos = '15.5',
    installed = INSTALLED,
  }: {
    readonly macos?: string;
    readonly installed?: BuildPlan;
  } = {}): Promise<Person> {
    const host = await startReleaseHost();
    onTestFinished(() => host.close());
    const folder = await temporaryFolder();
    const said: string[] = [];
    const trace: LabWorld['trace'] = ({ kind, text }) => said.push(`${kind}: ${text}`);
    const mac = await openMac({
      folder: join(folder, 'mac'),
      macos,
      architecture: 'arm64',
      installed: makeBuild(installed),
      trace,
    });
    const channel = 'stable';
    const feed = feedPaths(channel);
    return new Person({ host, mac, folder: join(folder, 'own'), channel, feed, trace, publicKey: '' }, said);
  }

  /** Puts a build under a tag; gives its address. */
  publish(tag: string, build: Build): string {
    return this.host.publish(tag, 'Nexy.dmg', build.bytes);
  }

  offer(parts: Partial<ManifestParts> & Pick<ManifestParts, 'url'>): void {
    const { bytes } = makeBuild(OFFERED);
    this.host.setManifest('/manifest.json', manifestText({ version: '2.0.0.46', bytes, ...parts }));
  }

  /** The next hourly check. */
  check(): Promise<CheckResult> {
    this.#hour += 1;
    return this.#client.check(new Date(Date.UTC(2026, 2, 13, this.#hour)));
  }

  /** Answers with an artifact's bytes since the last call. */
  downloads(): number {
    const answers = this.host.log.filter(({ on, status }) => on === 'asset' && status < 300);
    this.host.log.length = 0;
    return answers.length;
  }

  async version(): Promise<string> {
    return (await this.world.mac.installed()).version;
  }
}

const addressOf = (tag: string) => `/Seregawpn/Nexy_production/releases/download/${tag}/Nexy.dmg`;

describe('an honest offer', () => {
  it('under its version tag is downloaded, installed and confirmed, and is nothing new at the next check', async () => {
    const person = await Person.open();
    person.offer({ url: person.publish('v2.0.0.46', makeBuild(OFFERED)) });
    expect(await person.check()).toEqual({
      action: 'installed',
      reason: 'newer',
      message: 'Version 2.0.0.46 was installed in place of 2.0.0.31.',
      artifactBytes: makeBuild(OFFERED).bytes.length,
    });
    expect(await person.world.mac.installed()).toEqual(OFFERED);
    expect(person.downloads()).toBe(1);
    const upToDate = { action: 'none', reason: 'up-to-date', artifactBytes: 0 };
    expect(await person.check()).toMatchObject(upToDate);
    expect(person.downloads()).toBe(0);
  });

  it('under the fixed tag is installed as well', async () => {
    const person = await Person.open();
    person.offer({ url: person.publish('Update', makeBuild(OFFERED)) });
    expect(await person.check()).toMatchObject({ action: 'installed' });
    expect(await person.version()).toBe('2.0.0.46');
  });

  it('is followed by the next', async () => {
    const person = await Person.open();
    person.offer({ url: person.publish('v2.0.0.46', makeBuild(OFFERED)) });
    await person.check();
    const next = makeBuild(buildPlan('2.0.0.47'));
    person.offer({ version: '2.0.0.47', url: person.publish('v2.0.0.47', next), bytes: next.bytes });
    expect(await person.check()).toMatchObject({ action: 'installed' });
    expect(await person.version()).toBe('2.0.0.47');
  });

  it('is only shown where it is to be announced', async () => {
    const person = await Person.open();
    const url = person.publish('v2.0.0.46', makeBuild(OFFERED));
    person.offer({ url, top: { auto_install: false } });
    expect(await person.check()).toMatchObject({ action: 'held', reason: 'announced' });
    expect(person.downloads()).toBe(0);
  });

  it('is traced with every exchange and every tool, as it would be on a Mac and at GitHub', async () => {
    const person = await Person.open();
    person.offer({ url: person.publish('v2.0.0.46', makeBuild(OFFERED)) });
    await person.check();
    const seen = person.said.map((line) => line.replace(/[0-9a-f]{64}/g, '<hex>'));
    expect(seen).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^network: GET https:\/\/updates\.example\.com\/manifest\.json 200 \([\d,]+ bytes\)$/,
        ),
        expect.stringMatching(/^decision: update \(newer\): Version 2\.0\.0\.46 is offered/),
        'step: downloads 2.0.0.46',
        expect.stringMatching(
          /^network: GET https:\/\/github\.com\/Seregawpn\/Nexy_production\/releases\/download\/v2\.0\.0\.46\/Nexy\.dmg 302 /,
        ),
        expect.stringMatching(
          /^network: GET https:\/\/release-assets\.githubusercontent\.com\/\S+ 200 \(1\d\d,\d{3} bytes\)$/,
        ),
        'step: prepares 2.0.0.46: staging',
        'tool: codesign -d -r- /Applications/Nexy.app',
        'step: exchanges the installed app for 2.0.0.46',
        'step: installed: Version 2.0.0.46 was installed in place of 2.0.0.31.',
      ]),
    );
    const at = (start: string) => seen.findIndex((line) => line.startsWith(start));
    expect(at('decision:')).toBeLessThan(at('step: downloads'));
    expect(seen.join('\n')).not.toMatch(/127\.0\.0\.1|\/tmp\//);
  });
});

describe('an offer with a drift', () => {
  it('whose bytes are of another version is refused once, and not fetched again', async () => {
    const person = await Person.open();
    const other = makeBuild(buildPlan('2.0.0.31', { label: 'once more' }));
    person.offer({ url: person.publish('v2.0.0.46', other), bytes: other.bytes });
    expect(await person.check()).toMatchObject({ action: 'failed', reason: 'payload-version-mismatch' });
    expect(person.downloads()).toBe(1);
    expect(await person.check()).toMatchObject({ action: 'held', reason: 'artifact-refused-before' });
    expect(await person.check()).toMatchObject({ action: 'held', reason: 'artifact-refused-before' });
    expect(person.downloads()).toBe(0);
    expect(await person.world.mac.installed()).toEqual(INSTALLED);
  });

  it('whose bytes are no image is fetched once, and not again', async () => {
    const person = await Person.open();
    const text = makeBuild(buildPlan('2.0.0.46', { kind: 'text' }));
    person.offer({ url: person.publish('v2.0.0.46', text), bytes: text.bytes });
    const unreadable = { action: 'failed', reason: 'image-unreadable' };
    expect(await person.check()).toMatchObject({ ...unreadable, artifactBytes: 33 });
    expect(person.downloads()).toBe(1);
    expect(await person.check()).toMatchObject({ ...unreadable, artifactBytes: 0 });
    expect(person.downloads()).toBe(0);
  });

  it('with another size is not fetched, neither from the fixed nor from the version tag', async () => {
    const person = await Person.open();
    const url = person.publish('Update', makeBuild(buildPlan('2.0.0.47')));
    person.offer({ url });
    const mismatch = { action: 'failed', reason: 'size-mismatch', artifactBytes: 0 };
    expect(await person.check()).toMatchObject(mismatch);
    expect(person.host.log.map(({ path, status }) => [path, status])).toEqual(
      expect.arrayContaining([
        [addressOf('Update'), 302],
        [addressOf('v2.0.0.46'), 404],
      ]),
    );
    expect(await person.version()).toBe('2.0.0.31');
  });

  it('under the fixed tag is made up for by the version tag', async () => {
    const person = await Person.open();
    const url = person.publish('Update', makeBuild(buildPlan('2.0.0.47')));
    person.publish('v2.0.0.46', makeBuild(OFFERED));
    person.offer({ url });
    expect(await person.check()).toMatchObject({ action: 'installed' });
    expect(await person.version()).toBe('2.0.0.46');
  });

  it('with another sha256 is taken in once, and known by its ETag at the next check', async () => {
    const person = await Person.open();
    const build = makeBuild(OFFERED);
    const url = person.publish('v2.0.0.46', build);
    person.offer({ url, artifact: { sha256: 'ab'.repeat(32) } });
    const mismatch = { action: 'failed', reason: 'sha256-mismatch' };
    expect(await person.check()).toMatchObject({ ...mismatch, artifactBytes: build.bytes.length });
    expect(await person.check()).toMatchObject({ ...mismatch, artifactBytes: 0 });
    expect(await person.check()).toMatchObject({ ...mismatch, artifactBytes: 0 });
    expect(await person.version()).toBe('2.0.0.31');
    person.offer({ url });
    expect(await person.check()).toMatchObject({ action: 'installed' });
  });

  it('of another team is not taken for the promised one, however it is labelled', async () => {
    const person = await Person.open();
    const seal = join(person.world.mac.app, 'Contents', '_CodeSignature', 'team');
    await writeFile(seal, 'SOMEBODY01\n');
    person.offer({ url: person.publish('v2.0.0.46', makeBuild(OFFERED)) });
    expect(await person.check()).toMatchObject({ action: 'failed', reason: 'requirement-mismatch' });
    expect(await person.version()).toBe('2.0.0.31');
  });
});

describe('an offer that cannot be had', () => {
  it('for now, since nothing is published, is tried again at the next check', async () => {
    const person = await Person.open();
    person.offer({ url: `${person.host.origin}${addressOf('v2.0.0.46')}` });
    const first = await person.check();
    expect(first).toMatchObject({ action: 'failed', reason: 'not-published' });
    expect(first.message).not.toContain('127.0.0.1');
    person.publish('v2.0.0.46', makeBuild(OFFERED));
    expect(await person.check()).toMatchObject({ action: 'installed' });
  });

  it.each(['release', 'asset'] as const)(
    'while the host of the %s answers 503 is given up after some attempts, and had at the next check',
    async (on) => {
      const person = await Person.open();
      person.offer({ url: person.publish('v2.0.0.46', makeBuild(OFFERED)) });
      person.host.fault({ on, fault: { kind: 'status', status: 503 } });
      expect(await person.check()).toMatchObject({ action: 'failed', reason: 'download-failed' });
      expect(person.host.log.filter((entry) => entry.on === on)).toHaveLength(6);
      person.host.clearFaults();
      expect(await person.check()).toMatchObject({ action: 'installed' });
    },
  );

  it('since the feed is not there, is none', async () => {
    const person = await Person.open();
    expect(await person.check()).toMatchObject({ action: 'failed', reason: 'manifest-unreachable' });
  });
});

describe('an offer that is not for this Mac', () => {
  it('being older, is passed over', async () => {
    const person = await Person.open();
    const older = makeBuild(buildPlan('1.0.1'));
    person.offer({ version: '1.0.1', url: person.publish('v1.0.1', older), bytes: older.bytes });
    expect(await person.check()).toMatchObject({ action: 'none', reason: 'older' });
    expect(person.downloads()).toBe(0);
  });

  it('needing a newer macOS, is held, and not downloaded', async () => {
    const person = await Person.open({ macos: '11.7.10' });
    const build = makeBuild(buildPlan('2.0.0.46', { minimumOs: '13.0' }));
    const url = person.publish('v2.0.0.46', build);
    person.offer({ url, bytes: build.bytes, artifact: { min_os: '13.0' } });
    expect(await person.check()).toMatchObject({ action: 'held', reason: 'os-too-old' });
    expect(person.downloads()).toBe(0);
  });

  it('though the manifest says that it is, is downloaded once and refused', async () => {
    const person = await Person.open({ macos: '11.7.10' });
    const build = makeBuild(buildPlan('2.0.0.46', { minimumOs: '13.0' }));
    person.offer({ url: person.publish('v2.0.0.46', build), bytes: build.bytes });
    expect(await person.check()).toMatchObject({ action: 'failed', reason: 'payload-incompatible' });
    expect(person.downloads()).toBe(1);
    expect(await person.check()).toMatchObject({ action: 'failed', reason: 'payload-incompatible' });
    expect(person.downloads()).toBe(0);
  });
});

describe('an offer from elsewhere', () => {
  it.each([
    ['a feed on a port of this computer, as the very first manifest had', 'appcast.xml'],
    ['an image on a port of this computer', 'Nexy.dmg'],
    ['another host', 'https://example.com/Nexy.dmg'],
    ['another owner', 'https://github.com/somebody/else/releases/download/v2.0.0.46/Nexy.dmg'],
  ])('is rejected, and nothing is asked there: %s', async (_, given) => {
    const elsewhere = await startElsewhere();
    const person = await Person.open();
    const url = given.startsWith('https:') ? given : `http://localhost:${elsewhere.port}/${given}`;
    person.offer({ url });
    expect(await person.check()).toMatchObject({ action: 'rejected', reason: 'manifest-rejected' });
    expect(elsewhere.requests).toEqual([]);
    expect(person.host.log.map(({ on }) => on)).toEqual(['manifest']);
  });
});

/** Something that happens to listen on this computer. */
async function startElsewhere(): Promise<{ readonly port: number; readonly requests: readonly string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.end('not for you');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  return { port: (server.address() as AddressInfo).port, requests };
}
