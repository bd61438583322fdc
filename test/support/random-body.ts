import { createHash, randomBytes } from 'node:crypto';

/** Incompressible bytes. */
export function randomBody(size: number): Buffer {
  return randomBytes(size);
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
