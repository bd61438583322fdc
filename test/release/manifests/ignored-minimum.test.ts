import { describe, expect, it } from 'vitest';
import { findIgnoredMinimum } from '../../../src/release/manifests/ignored-minimum.ts';

const OLD = { build: '2.0.0.46', artifact: offered('11.0') };

function offered(minOs: string | null) {
  return { type: 'dmg', url: null, size: 1, sha256: '', arch: null, minOs, ed25519: null };
}

describe('a minimum that the oldest installations do not look at', () => {
  it.each([
    ['11.1', 20_646],
    ['13.0', 20_646],
    ['26', 0],
  ])('is warned of: macOS %s with build number %s', (minimumOs, buildNumber) => {
    for (const current of [
      null,
      OLD,
      { build: '20600', artifact: offered('11.0') },
      { build: null, artifact: offered(null) },
    ]) {
      const warning = findIgnoredMinimum({ buildNumber, minimumOs }, current);
      expect(warning).toContain(`less than macOS ${minimumOs}`);
      expect(warning).toContain(String(buildNumber));
    }
  });

  it.each([
    ['what they run', 20_646, '11.0'],
    ['what is older still', 20_646, '10.15'],
    ['what they take for no offer', null, '13.0'],
    ['what nobody knows the minimum of', 20_646, null],
    ['a minimum that is no version, which clients ignore', 20_646, 'Big Sur'],
  ])('is no matter for %s', (_what, buildNumber, minimumOs) => {
    expect(findIgnoredMinimum({ buildNumber, minimumOs }, OLD)).toBeNull();
  });

  it('is told once: a channel that offers such a version already has none of them as readers', () => {
    const inbox = { buildNumber: 20_647, minimumOs: '13.0' };
    expect(findIgnoredMinimum(inbox, { build: '20646', artifact: offered('13.0') })).toBeNull();
    // They take a dotted number for no offer, whatever it needs, and may be there still.
    expect(findIgnoredMinimum(inbox, { build: '2.0.0.46', artifact: offered('13.0') })).not.toBeNull();
  });
});
