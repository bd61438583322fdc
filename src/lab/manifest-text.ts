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

export interface ManifestFigures extends Omit<ManifestParts, 'bytes'> {
  /** In bytes. */
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** A manifest as the publish flow writes them (DESIGN.md section 3), honest unless told otherwise. */
export function manifestText({ bytes, ...parts }: ManifestParts): string {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return JSON.stringify(manifestDocument({ ...parts, size: bytes.length, sha256 }));
}

/** As `manifestText`, of bytes whose figures are known. */
export function manifestDocument({ version, url, size, sha256, artifact, top }: ManifestFigures) {
  return {
    version,
    build: version,
    release_date: '2026-03-12T00:00:00Z',
    artifact: {
      type: 'dmg',
      url,
      size,
      sha256,
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
}
