import type { TrustPolicy } from '../../src/config.ts';

export const OWNER = 'Seregawpn/Nexy_production';
export const SHA256 = '744e06aba55fbd0d9bb0d38b4442186085dd0c258bf9cbcc9dcd2c2f6c75ab4e';

export const POLICY: TrustPolicy = {
  owner: OWNER,
  downloadBase: 'https://github.com',
  allowedHosts: [],
  allowLoopback: false,
};

/** A release file of the production owner. */
export function releaseOf(tag: string, file = 'Nexy.dmg'): string {
  return `https://github.com/${OWNER}/releases/download/${tag}/${file}`;
}

type Keys = Readonly<Record<string, unknown>>;

/** A manifest in the present form without anything to object to; keys set to undefined are left out. */
export function sampleManifest(keys: Keys = {}, artifact: Keys = {}): Record<string, unknown> {
  return {
    version: '2.0.0.46',
    build: '2.0.0.46',
    release_date: '2026-03-12T00:00:00Z',
    artifact: {
      type: 'dmg',
      url: releaseOf('v2.0.0.46'),
      size: 308_005_520,
      sha256: SHA256,
      arch: 'universal2',
      min_os: '11.0',
      ed25519: '',
      ...artifact,
    },
    critical: false,
    auto_install: true,
    notes_url: releaseOf('v2.0.0.46', 'LATEST_CHANGES.md'),
    ...keys,
  };
}

export function toBytes(document: unknown): Uint8Array {
  return new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document));
}
