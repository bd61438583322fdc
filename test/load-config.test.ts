import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../src/load-config.ts';
import { REPOSITORY } from './support/fixtures.ts';

const GOOD = `owner: acme/app.releases
bundle_id: com.acme.app
manifests:
  stable: https://updates.acme.example/manifest.json
  beta: https://updates.acme.example/manifest_beta.json
`;

/** 32 bytes in base64. */
const APPCAST_KEY = Buffer.alloc(32, 0xfb).toString('base64');

async function load(text: string): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'nexy-updater-config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'updater.yml');
  await writeFile(path, text);
  return loadConfig(path).catch((error: unknown) => error);
}

describe('loadConfig', () => {
  it('loads the file that is shipped, which lists no key of the legacy manifests', async () => {
    const config = await loadConfig(join(REPOSITORY, 'resources', 'updater.yml'));
    expect(config).toMatchObject({
      owner: 'Seregawpn/Nexy_production',
      bundleId: 'com.nexy.assistant',
      keys: [],
      appcastKeys: [],
      publish: { stable: 'promotion' },
    });
    expect(Object.keys(config.manifests)).toEqual(['stable', 'beta']);
  });

  it('reads what another project ships, with and without the optional keys', async () => {
    const required = {
      owner: 'acme/app.releases',
      bundleId: 'com.acme.app',
      manifests: {
        stable: 'https://updates.acme.example/manifest.json',
        beta: 'https://updates.acme.example/manifest_beta.json',
      },
    };
    const publish = { stable: 'promotion' };
    expect(await load(GOOD)).toEqual({ ...required, allowedHosts: [], keys: [], publish, appcastKeys: [] });
    const more = `allowed_hosts: [CDN.acme.example, "mirror.acme.example:8443"]\nkeys: [abc]\nappcast_keys: [${APPCAST_KEY}]\n`;
    const allowedHosts = ['cdn.acme.example', 'mirror.acme.example:8443'];
    expect(await load(GOOD + more)).toEqual({
      ...required,
      allowedHosts,
      keys: ['abc'],
      publish,
      appcastKeys: [APPCAST_KEY],
    });
  });

  it.each([
    ['stable: direct', 'direct'],
    ['stable: promotion', 'promotion'],
    ['{}', 'promotion'],
  ])('reads how a version may get to the stable channel (%s)', async (text, stable) => {
    expect(await load(`${GOOD}publish:\n  ${text}\n`)).toMatchObject({ publish: { stable } });
  });

  it.each([
    ['nothing', '', 'the file must be a mapping'],
    ['a list', '- a', 'owner is missing'],
    ['no YAML', 'owner: [', 'cannot be used'],
    ['a key twice', `${GOOD}owner: evil/app\n`, 'unique'],
    ['no owner', GOOD.replace(/owner.*\n/, ''), 'owner is missing'],
    [
      'an owner without a repository',
      GOOD.replace('acme/app.releases', 'acme'),
      'owner must be owner/repository',
    ],
    ['an owner with a path', GOOD.replace('acme/app', 'acme/app/x'), 'owner must be owner/repository'],
    ['an owner that is a number', GOOD.replace('acme/app.releases', '12'), 'owner must be a text'],
    [
      'a bundle id that is none',
      GOOD.replace('com.acme.app', 'com acme'),
      'bundle_id must be a bundle identifier',
    ],
    ['a manifest on http', GOOD.replace('https:', 'http:'), 'manifests.stable must be an https address'],
    [
      'a manifest that is no address',
      GOOD.replace(/beta: .*/, 'beta: x'),
      'manifests.beta must be an https address',
    ],
    ['no beta manifest', GOOD.replace(/ {2}beta.*\n/, ''), 'manifests.beta is missing'],
    [
      'a third channel',
      GOOD.replace('  beta', '  nightly: https://x.example/\n  beta'),
      'manifests.nightly is not a known key',
    ],
    ['a mistyped key', `${GOOD}allow_hosts: []\n`, 'allow_hosts is not a known key'],
    [
      'a host that is an address',
      `${GOOD}allowed_hosts: ["https://x.example"]\n`,
      'allowed_hosts.0 must be a host name',
    ],
    ['a host with a path', `${GOOD}allowed_hosts: [x.example/a]\n`, 'allowed_hosts.0 must be a host name'],
    [
      'a host with credentials',
      `${GOOD}allowed_hosts: ["a@x.example"]\n`,
      'allowed_hosts.0 must be a host name',
    ],
    ['hosts that are a text', `${GOOD}allowed_hosts: x.example\n`, 'allowed_hosts must be a list'],
    [
      'another way to the stable channel',
      `${GOOD}publish:\n  stable: always\n`,
      'publish.stable must be promotion or direct',
    ],
    ['a policy that is a text', `${GOOD}publish: direct\n`, 'publish must be a mapping'],
    ['a policy for another channel', `${GOOD}publish:\n  beta: direct\n`, 'publish.beta is not a known key'],
    ['keys that are numbers', `${GOOD}keys: [1]\n`, 'keys.0 must be a text'],
    [
      'an appcast key that is no list',
      `${GOOD}appcast_keys: ${APPCAST_KEY}\n`,
      'appcast_keys must be a list',
    ],
  ])('refuses %s as a wrong use, and says what is wrong', async (_name, text, sentence) => {
    expect(await load(text)).toMatchObject({ code: 'usage', message: expect.stringContaining(sentence) });
  });

  it.each([
    ['no base64', 'abc'],
    ['too short', APPCAST_KEY.slice(4)],
    ['without its last character', APPCAST_KEY.slice(0, -1)],
    ['in the alphabet for addresses', APPCAST_KEY.replaceAll('/', '_').replaceAll('+', '-')],
    ['as long as a private key of that era', Buffer.alloc(64, 1).toString('base64')],
  ])('refuses an appcast key that is %s', async (_what, key) => {
    expect(await load(`${GOOD}appcast_keys: ["${key}"]\n`)).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('appcast_keys.0 must be an ed25519 public key'),
    });
  });

  it('names every key that is wrong, not only the first', async () => {
    const message = expect.stringMatching(/owner must .*bundle_id is missing/);
    expect(await load(GOOD.replace('acme/app.releases', 'x').replace(/bundle_id.*\n/, ''))).toMatchObject({
      message,
    });
  });

  it('says that a file is not there', async () => {
    await expect(loadConfig('/nowhere/updater.yml')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('There is no such file.'),
    });
  });
});
