import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { offerText, ServerWorld, until } from '../support/server-world.ts';

const BYTES = Buffer.from('bytes of 1.0');

function makeKey() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  // The last 32 bytes of a SubjectPublicKeyInfo are the key, which is what Sparkle's SUPublicEDKey holds.
  const base64 = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
  return { base64, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey).toString('base64') };
}

const [ours, theirs] = [makeKey(), makeKey()];

async function serve(ed25519: string, download: Uint8Array | null, keys: readonly string[]) {
  const world = await ServerWorld.open();
  world.put('manifest.json', offerText('1.0', { bytes: BYTES, artifact: { ed25519 } }));
  if (download !== null) world.putDownload('Nexy.dmg', download);
  const { origin } = await world.serve({ appcastKeys: keys });
  const appcast = async () => (await ask(origin, '/appcast.xml')).body.toString();
  const isHashed = async () => download === null || (await ask(origin, '/downloads/Nexy.dmg')).status === 200;
  await until(isHashed);
  return { world, appcast };
}

describe('sparkle:edSignature', () => {
  it('is given where it verifies with a configured key over the very bytes in downloads', async () => {
    const signature = ours.sign(BYTES);
    const { appcast } = await serve(signature, BYTES, [theirs.base64, ours.base64]);
    await until(async () => (await appcast()).includes('edSignature'));
    expect(await appcast()).toContain(`sparkle:edSignature="${signature}"`);
  });

  it('comes with the bytes, and goes with them', async () => {
    const { world, appcast } = await serve(ours.sign(BYTES), null, [ours.base64]);
    expect(await appcast()).not.toContain('edSignature');
    world.putDownload('any-name.dmg', BYTES);
    await until(async () => (await appcast()).includes('edSignature'));
    world.putDownload('any-name.dmg', 'other bytes.');
    await until(async () => !(await appcast()).includes('edSignature'));
  });

  it.each([
    ['by another key', theirs.sign(BYTES), [ours.base64]],
    ['over other bytes', ours.sign(createHash('sha256').update(BYTES).digest()), [ours.base64]],
    ['without a configured key', ours.sign(BYTES), []],
    ['that is none', 'AAAA', [ours.base64]],
    ['that is not base64', '"><script>', [ours.base64]],
  ])('is never given when it was made %s', async (_what, signature, keys) => {
    const { world, appcast } = await serve(signature, BYTES, keys);
    // A good one that comes later is checked later: once it is there, the bad one was judged.
    const good = ours.sign(BYTES);
    world.put(
      'manifest_beta.json',
      offerText('1.0', { bytes: BYTES, artifact: { ed25519: good }, top: { channel: 'beta' } }),
    );
    const { origin } = await world.serve({ appcastKeys: [ours.base64] });
    await until(async () => (await ask(origin, '/appcast-beta.xml')).body.toString().includes(good));
    expect(await appcast()).toContain('<enclosure');
    expect(await appcast()).not.toContain('edSignature');
  });
});
