import { createHash } from 'node:crypto';
import { accessSync, constants, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { UpdateError } from '../../../src/errors.ts';
import { type Certificate, subjectValue } from './code-signing/certificate.ts';
import { type GivenOption, type OptionRule, readOptions, UsageError } from './code-signing/options.ts';
import { writePropertyList } from './code-signing/property-list.ts';
import { judgePackageTrust, type TrustKind } from './packages/package-trust.ts';
import { findReceipt, forgetReceipt, listReceipts, type Receipt } from './packages/receipts.ts';
import { runMain, ToolEnd } from './tool.ts';

/** The text is not recorded; only that there is one. */
const USAGE = 'Usage: pkgutil [OPTIONS] [COMMANDS] ...\n';

const none = (...names: string[]): OptionRule => ({ names, argument: 'none' });
const required = (...names: string[]): OptionRule => ({ names, argument: 'required' });

const OPTIONS: readonly OptionRule[] = [
  required('check-signature'),
  required('pkg-info'),
  required('pkg-info-plist'),
  required('export-plist'),
  required('forget'),
  required('volume'),
  { names: ['pkgs'], argument: 'optional' },
  none('pkgs-plist'),
  none('help', 'h'),
  none('force', 'f'),
  none('verbose', 'v'),
  ...['expand', 'expand-full', 'flatten', 'bom', 'files', 'lsbom', 'file-info', 'payload-files'].map((name) =>
    required(name),
  ),
];

/** Words of the recordings; `trusted` is quoted by many scripts and recorded nowhere. */
const STATUSES: Readonly<Record<TrustKind, string>> = {
  none: 'no signature',
  invalid: 'invalid signature',
  untrusted: 'signed by untrusted certificate',
  expired: 'signed by a certificate that has since expired',
  trusted: 'signed by a certificate trusted by macOS',
  'apple-software': 'signed Apple Software',
  'developer-id': 'signed by a developer certificate issued by Apple for distribution',
};
const GOOD: readonly TrustKind[] = ['trusted', 'apple-software', 'developer-id'];

async function main(toolArguments: readonly string[]): Promise<number> {
  let options: readonly GivenOption[];
  try {
    options = readOptions(toolArguments, OPTIONS).options;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new ToolEnd(1, `pkgutil: ${error.message}\n${USAGE}`);
  }
  let hasRun = false;
  for (const { name, given, value } of options) {
    const command = COMMANDS[name];
    if (command === undefined && ['force', 'verbose'].includes(name)) continue;
    if (name === 'help') throw new ToolEnd(0, USAGE);
    if (name === 'volume' && value === '/') continue;
    if (command === undefined) throw new ToolEnd(1, `pkgutil: ${given} is not possible with this double\n`);
    const status = await command(value ?? '');
    if (status !== 0) return status;
    hasRun = true;
  }
  if (!hasRun) throw new ToolEnd(1, USAGE);
  return 0;
}

const COMMANDS: Readonly<Record<string, (value: string) => Promise<number> | number>> = {
  'check-signature': checkSignature,
  'pkg-info': (identifier) => {
    const { version, location, installTime } = receiptOf(identifier);
    print(
      `package-id: ${identifier}\nversion: ${version}\nvolume: /\nlocation: ${location}\ninstall-time: ${installTime}\n`,
    );
    return 0;
  },
  'pkg-info-plist': (identifier) => {
    const receipt = receiptOf(identifier);
    print(
      writePropertyList({
        'install-location': receipt.location,
        'install-time': receipt.installTime,
        'pkg-version': receipt.version,
        pkgid: identifier,
        'receipt-plist-version': 1,
        volume: '/',
      }).toString('utf8'),
    );
    return 0;
  },
  pkgs: (pattern) => {
    const expression = pattern === '' ? /^/ : new RegExp(`^(?:${pattern})$`);
    const found = listReceipts().filter(({ identifier }) => expression.test(identifier));
    for (const { identifier } of found) print(`${identifier}\n`);
    return found.length > 0 || pattern === '' ? 0 : 1;
  },
  forget: (identifier) => {
    receiptOf(identifier);
    if (process.getuid?.() !== 0) throw new ToolEnd(1, `Couldn't forget '${identifier}': must be root.\n`);
    forgetReceipt(identifier);
    print(`Forgot package '${identifier}' on '/'.\n`);
    return 0;
  },
};

function receiptOf(identifier: string): Receipt {
  const receipt = findReceipt(identifier);
  if (receipt === null) throw new ToolEnd(1, `No receipt for '${identifier}' found at '/'.\n`);
  return receipt;
}

async function checkSignature(path: string): Promise<number> {
  try {
    accessSync(path, constants.R_OK);
    const { kind, chain, isNotarized } = await judgePackageTrust(path);
    print(`Package "${basename(path)}":\n   Status: ${STATUSES[kind]}\n`);
    // A package that was not notarized has no such line at all.
    if (isNotarized && kind === 'developer-id')
      print('   Notarization: trusted by the Apple notary service\n');
    if (chain.length > 0)
      print(`   Certificate Chain:\n${chain.map(describe).join(`       ${'-'.repeat(72)}\n`)}\n`);
    return GOOD.includes(kind) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UpdateError) && !(error instanceof Error && 'code' in error)) throw error;
    throw new ToolEnd(1, `Could not open package: ${path}\n`);
  }
}

/** Two lines of a fingerprint, the first with a blank at its end (recording of Escrow Buddy). */
const BYTES_IN_LINE = 22;

function describe(certificate: Certificate, index: number): string {
  const bytes = createHash('sha256').update(certificate.der).digest('hex').toUpperCase().match(/../g) ?? [];
  const lines = [bytes.slice(0, BYTES_IN_LINE), bytes.slice(BYTES_IN_LINE)].map((part) => part.join(' '));
  const expires = certificate.x509.validToDate.toISOString().replace('T', ' ').replace('.000Z', ' +0000');
  return [
    `    ${index + 1}. ${subjectValue(certificate, 'subject.CN') ?? ''}`,
    `       Expires: ${expires}`,
    '       SHA256 Fingerprint:',
    `           ${lines[0]} `,
    `           ${lines[1]}`,
    '',
  ].join('\n');
}

function print(text: string): void {
  writeSync(1, text);
}

await runMain(main);
