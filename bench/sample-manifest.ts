const RELEASES = 'https://github.com/Seregawpn/Nexy_production/releases/download';

/** As long as a real one. */
const MANIFEST = {
  version: '2.0.0.46',
  build: '2.0.0.46',
  release_date: '2026-03-12T00:00:00Z',
  artifact: {
    type: 'dmg',
    url: `${RELEASES}/v2.0.0.46/Nexy.dmg`,
    size: 308_005_520,
    sha256: '0'.repeat(64),
    arch: 'universal2',
    min_os: '11.0',
    ed25519: '',
  },
  critical: false,
  auto_install: true,
  notes_url: `${RELEASES}/v2.0.0.46/LATEST_CHANGES.md`,
};

export const SAMPLE_MANIFEST = Buffer.from(JSON.stringify(MANIFEST, null, 2));
