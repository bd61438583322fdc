import { createHash } from 'node:crypto';

export interface ManifestParts {
  readonly version: string;
  readonly url: string;
  /** What the manifest promises. */
  readonly bytes: Uint8Array;
  /** Keys of `artifact` that are to differ. */
  readonly artifact?: Readonly<Record<string, unknown>>;
  /** Keys on the top level that are to differ. */
  readonly top?: Readonly<Record<string, unknown>>;
}

/** A manifest as the publish flow writes them (DESIGN.md section 3), honest unless told otherwise. */
export function manifestText({ version, url, bytes, artifact, top }: ManifestParts): string {
  const manifest = {
    version,
    build: version,
    release_date: '2026-03-12T00:00:00Z',
    artifact: {
      type: 'dmg',
      url,
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      arch: 'universal2',
      min_os: '11.0',
      ed25519: '',
      ...artifact,
    },
    critical: false,
    auto_install: true,
    notes_url: '',
    ...top,
  };
  return JSON.stringify(manifest);
}
