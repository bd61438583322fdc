import { createHash } from 'node:crypto';
import { writeFileSync, writeSync } from 'node:fs';
import { SLOT } from './blobs.ts';
import { subjectValue } from './certificate.ts';
import type { VerifiedSignature } from './cms.ts';
import type { Code } from './code.ts';
import { type CodeDirectory, cdHash, FLAG_NAMES, FLAG_RUNTIME, hashAlgorithm } from './code-directory.ts';
import { impliedRequirement, storedRequirements } from './designated-requirement.ts';
import { dictionaryAt, parsePropertyList, stringAt } from './property-list.ts';
import { DESIGNATED } from './requirement.ts';
import { printRequirement, printRequirements } from './requirement-text.ts';
import {
  isAdHoc,
  readSignature,
  type Signature,
  sealedComponent,
  slicesOf,
  verifySigner,
} from './signature.ts';
import { isStapled, readEntitlements } from './signature-context.ts';

export interface DisplayOptions {
  readonly verbose: number;
  readonly architecture: string | null;
  /** Where requirements go: `-` for standard output, a file, or null. */
  readonly requirements: string | null;
  readonly entitlements: string | null;
  readonly deep: boolean;
}

/**
 * Shows a signature as `codesign --display` does, in the order of the recordings. It works on broken code too:
 * what cannot be trusted is left out or marked. Throws `unsigned`.
 */
export function displayCode(code: Code, options: DisplayOptions): void {
  const slice = slicesOf(code).find(
    (one) => options.architecture === null || one?.architecture === options.architecture,
  );
  const signature = readSignature(code, slice ?? null);
  const note = (level: number, text: string) => {
    if (options.verbose >= level) process.stderr.write(`${text}\n`);
  };
  const { directory } = signature;
  note(0, `Executable=${code.executable}`);
  note(1, `Identifier=${directory.identifier}`);
  note(1, `Format=${code.format}`);
  note(
    1,
    `CodeDirectory v=${directory.version.toString(16)} size=${directory.bytes.length} flags=${printFlags(directory.flags)} ` +
      `hashes=${directory.codeSlots}+${directory.specialSlots} location=embedded`,
  );
  const build = slice?.build ?? null;
  if (build !== null) {
    note(4, `VersionPlatform=${build.platform}`);
    note(4, `VersionMin=${build.minimum}`);
    note(4, `VersionSDK=${build.sdk}`);
  }
  noteHashes(signature, note);
  noteSigner(signature, note);
  if (isStapled(code)) note(1, 'Notarization Ticket=stapled');
  noteContents(code, signature, note);

  const stored = quietly(() => storedRequirements(signature));
  const blob = signature.components.get(SLOT.requirements);
  if (options.requirements !== null) writeRequirements(code, signature, options.requirements);
  else if (stored !== null) note(1, `Internal requirements count=${stored.size} size=${blob?.length ?? 0}`);
  else note(1, 'Internal requirements=none');
  if (options.deep) noteNested(signature, note);
  if (options.entitlements !== null) writeEntitlements(signature, options.entitlements);
}

type Note = (level: number, text: string) => void;

function noteHashes(signature: Signature, note: Note): void {
  const { directory } = signature;
  note(3, `Hash type=${hashName(directory)} size=${hashAlgorithm(directory.hashType).size}`);
  const sorted = signature.directories.toSorted((a, b) => a.hashType - b.hashType);
  for (const one of sorted) {
    note(3, `CandidateCDHash ${hashName(one)}=${cdHash(one).toString('hex')}`);
    note(3, `CandidateCDHashFull ${hashName(one)}=${one.fullHash.toString('hex')}`);
  }
  note(3, `Hash choices=${sorted.map(hashName).join(',')}`);
  const base = signature.directories[0] ?? directory;
  note(3, `CMSDigest=${createHash('sha256').update(base.bytes).digest('hex')}`);
  note(3, 'CMSDigestType=2');
  if (directory.executableSegment !== null) {
    note(4, `Executable Segment base=${directory.executableSegment.base}`);
    note(4, `Executable Segment limit=${directory.executableSegment.limit}`);
    note(4, `Executable Segment flags=0x${directory.executableSegment.flags.toString(16)}`);
  }
  note(4, `Page size=${directory.pageSize === 0 ? 'none' : directory.pageSize}`);
  note(3, `CDHash=${cdHash(directory).toString('hex')}`);
}

function noteSigner(signature: Signature, note: Note): void {
  if (isAdHoc(signature)) {
    note(1, 'Signature=adhoc');
    return;
  }
  note(1, `Signature size=${signature.components.get(SLOT.signature)?.length ?? 0}`);
  const verified = quietly(() => verifySigner(signature));
  if (verified === null) {
    note(2, 'Authority=(unavailable)');
    return;
  }
  for (const certificate of verified.chain)
    note(2, `Authority=${subjectValue(certificate, 'subject.CN') ?? ''}`);
  noteTime(verified, note);
}

function noteTime({ timestamp, signingTime }: VerifiedSignature, note: Note): void {
  if (timestamp !== null) note(1, `Timestamp=${printTime(timestamp)}`);
  else if (signingTime !== null) note(1, `Signed Time=${printTime(signingTime)}`);
}

function noteContents(code: Code, signature: Signature, note: Note): void {
  const { directory } = signature;
  const info = quietly(() => sealedComponent(signature, SLOT.infoPlist));
  const entries = info === null ? null : quietly(() => Object.keys(parsePropertyList(info)).length);
  note(1, entries === null ? 'Info.plist=not bound' : `Info.plist entries=${entries}`);
  note(1, `TeamIdentifier=${directory.team ?? 'not set'}`);
  if ((directory.flags & FLAG_RUNTIME) !== 0 && directory.runtimeVersion !== 0)
    note(1, `Runtime Version=${printVersion(directory.runtimeVersion)}`);
  const resources = code.bundle === null ? null : readResources(signature);
  if (resources === null) {
    note(1, 'Sealed Resources=none');
    return;
  }
  const version = resources['files2'] === undefined ? 1 : 2;
  const suffix = version === 2 ? '2' : '';
  const count = (key: string) => Object.keys(dictionaryAt(resources, key + suffix) ?? {}).length;
  note(1, `Sealed Resources version=${version} rules=${count('rules')} files=${count('files')}`);
}

function noteNested(signature: Signature, note: Note): void {
  const files = dictionaryAt(readResources(signature) ?? {}, 'files2') ?? {};
  for (const path of Object.keys(files))
    if (stringAt(dictionaryAt(files, path) ?? {}, 'requirement') !== null) note(0, `Nested=${path}`);
}

function readResources(signature: Signature) {
  return quietly(() => {
    const bytes = sealedComponent(signature, SLOT.resourceDirectory);
    return bytes === null ? null : parsePropertyList(bytes);
  });
}

/** All stored requirements; an implied designated one as a comment. */
function writeRequirements(code: Code, signature: Signature, destination: string): void {
  const stored = storedRequirements(signature);
  const implied = stored?.has(DESIGNATED)
    ? ''
    : `# designated => ${printRequirement(impliedRequirement(code, signature))}\n`;
  writeTo(destination, `${printRequirements(stored ?? new Map())}${implied}`);
}

function writeEntitlements(signature: Signature, destination: string): void {
  const blob = readEntitlements(signature) === null ? null : sealedComponent(signature, SLOT.entitlements);
  // `:-` is the old way to ask for the XML without its header; without a colon today's codesign prints XML too.
  if (blob !== null)
    writeTo(destination.replace(/^:/, ''), `${blob.subarray(8).toString('utf8').replace(/\n*$/, '')}\n`);
}

function writeTo(destination: string, text: string): void {
  if (destination === '-') writeSync(1, text);
  else writeFileSync(destination, text);
}

function hashName({ hashType }: CodeDirectory): string {
  return hashType === 3 ? 'sha256-truncated' : hashAlgorithm(hashType).name;
}

function printFlags(flags: number): string {
  if (flags === 0) return '0x0(none)';
  const names = FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0);
  const rest = names.reduce((left, [bit]) => left & ~bit, flags);
  const shown = [...names.map(([, name]) => name), ...(rest === 0 ? [] : ['???'])].join(',');
  return `0x${(flags >>> 0).toString(16)}(${shown})`;
}

function printVersion(version: number): string {
  return `${version >>> 16}.${(version >>> 8) & 0xff}.${version & 0xff}`;
}

/** The medium style of the C locale, e.g. `Sep 23, 2026 at 4:03:08 PM`. */
function printTime(time: Date): string {
  const date = time.toLocaleDateString('en-US', { dateStyle: 'medium' });
  return `${date} at ${time.toLocaleTimeString('en-US', { timeStyle: 'medium' }).replaceAll('\u202f', ' ')}`;
}

function quietly<Result>(step: () => Result): Result | null {
  try {
    return step();
  } catch {
    return null;
  }
}
