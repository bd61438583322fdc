import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { MAGIC, readBlob, SLOT } from './blobs.ts';
import type { Code } from './code.ts';
import { type PropertyList, parsePropertyList } from './property-list.ts';
import type { RequirementContext } from './requirement-evaluate.ts';
import { type Signature, sealedComponent, verifySigner } from './signature.ts';

/** What requirements are held against, for one architecture. Throws what its parts throw. */
export function contextOf(code: Code, signature: Signature): RequirementContext {
  const info = sealedComponent(signature, SLOT.infoPlist);
  return {
    directory: signature.directory,
    chain: verifySigner(signature)?.chain ?? [],
    info: info === null ? null : parsePropertyList(info),
    entitlements: readEntitlements(signature),
    isNotarized: isStapled(code),
  };
}

/** Entitlements of a signature; null without any. */
export function readEntitlements(signature: Signature): PropertyList | null {
  const blob = sealedComponent(signature, SLOT.entitlements);
  return blob === null ? null : parsePropertyList(readBlob(blob, 0, MAGIC.entitlements).subarray(8));
}

/**
 * Whether a notarization ticket is stapled to a bundle: `Contents/CodeResources` (stapler(1)). The ticket itself
 * can only be judged by Apple's service, so its being there is taken for good.
 */
export function isStapled(code: Code): boolean {
  if (code.bundle === null) return false;
  const ticket = lstatSync(join(code.bundle.base, 'CodeResources'), { throwIfNoEntry: false });
  return ticket?.isFile() === true && ticket.size > 0;
}
