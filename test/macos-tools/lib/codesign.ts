import { readFileSync } from 'node:fs';
import { MAGIC } from './code-signing/blobs.ts';
import { type Code, openCode } from './code-signing/code.ts';
import { CODE_SIGNING_TEXTS, CodeSigningError } from './code-signing/code-signing-error.ts';
import { OPTIONS, SUPPORTED, USAGE } from './code-signing/codesign-options.ts';
import { designatedRequirement } from './code-signing/designated-requirement.ts';
import { displayCode } from './code-signing/display.ts';
import { type Identity, readKeychain } from './code-signing/keychain.ts';
import { type GivenOption, readOptions, UsageError } from './code-signing/options.ts';
import { failureText, printFailure } from './code-signing/report.ts';
import type { Requirement } from './code-signing/requirement.ts';
import { decodeRequirement } from './code-signing/requirement-binary.ts';
import { satisfies } from './code-signing/requirement-evaluate.ts';
import {
  parseRequirement,
  parseRequirements,
  RequirementSyntaxError,
} from './code-signing/requirement-parser.ts';
import { signCode } from './code-signing/sign.ts';
import { readSignature, slicesOf } from './code-signing/signature.ts';
import { contextOf } from './code-signing/signature-context.ts';
import { type VerifyOptions, verifyCode } from './code-signing/verify.ts';

type Operation = 'sign' | 'verify' | 'display';

interface Request {
  readonly operation: Operation;
  readonly verbose: number;
  readonly options: readonly GivenOption[];
  readonly paths: readonly string[];
}

class Usage extends Error {}

/** Runs codesign. Exit statuses of codesign(1): 0, 1 failed, 2 usage, 3 requirement not satisfied. */
function main(args: readonly string[]): number {
  const request = readRequest(args);
  const has = (name: string) => request.options.some((option) => option.name === name);
  const requirement = readTestRequirement(
    optionValue(request, 'test-requirement'),
    has('check-notarization'),
  );
  let status = 0;
  for (const path of request.paths) {
    try {
      status = Math.max(status, run(request, path, requirement, has));
    } catch (error) {
      if (error instanceof RequirementSyntaxError) throw error;
      printFailure(path, error, request.verbose > 0);
      if (!has('continue')) return 1;
      status = 1;
    }
  }
  return status;
}

function run(
  request: Request,
  path: string,
  requirement: Requirement | null,
  has: (name: string) => boolean,
): number {
  if (request.operation === 'sign') return sign(request, path, has);
  const code = openCode(path);
  const architecture = optionValue(request, 'architecture');
  if (request.operation === 'verify') return verify(request, path, code, requirement, has);
  displayCode(code, {
    verbose: request.verbose,
    architecture,
    requirements: optionValue(request, 'requirements'),
    entitlements: optionValue(request, 'entitlements'),
    deep: has('deep'),
  });
  return 0;
}

function verify(
  request: Request,
  path: string,
  code: Code,
  requirement: Requirement | null,
  has: (name: string) => boolean,
): number {
  const { verbose } = request;
  const architecture = optionValue(request, 'architecture');
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const extra = request.options.findLast(({ name }) => name === 'strict');
  const kinds = extra === undefined ? [] : (extra.value ?? 'all').split(',');
  const options: VerifyOptions = {
    strict: !has('no-strict'),
    links: kinds.includes('all') || kinds.includes('symlinks'),
    sideband: kinds.includes('all') || kinds.includes('sideband'),
    deep: has('deep'),
    resources: !has('ignore-resources'),
    pages: true,
    architecture,
    onNested: (stage, nested) => {
      if (verbose > 1) say(`--${stage}:${nested}`);
    },
  };
  verifyCode(code, options);
  let status = 0;
  if (verbose > 0) {
    say(`${path}: valid on disk${options.resources ? '' : ' (not all contents verified)'}`);
    const slice =
      slicesOf(code).find((one) => architecture === null || one?.architecture === architecture) ?? null;
    const signature = readSignature(code, slice);
    const isItself = satisfies(designatedRequirement(code, signature), contextOf(code, signature));
    say(
      `${path}: ${isItself ? 'satisfies its Designated Requirement' : 'does not satisfy its designated Requirement'}`,
    );
    if (!isItself) status = 3;
  }
  if (requirement === null) return status;
  const slices = slicesOf(code).filter((one) => architecture === null || one?.architecture === architecture);
  const isSatisfied = slices.every((one) =>
    satisfies(requirement, contextOf(code, readSignature(code, one))),
  );
  if (!isSatisfied) {
    say(`test-requirement: ${CODE_SIGNING_TEXTS['requirement-failed']}`);
    return 3;
  }
  if (verbose > 0) say(`${path}: explicit requirement satisfied`);
  return status;
}

function sign(request: Request, path: string, has: (name: string) => boolean): number {
  const name = optionValue(request, 'sign') ?? '';
  const code = openCode(path);
  const identity = name === '-' ? null : findIdentity(name, optionValue(request, 'keychain'));
  if (identity === undefined) {
    process.stderr.write(`${name}: no identity found\n`);
    return 1;
  }
  if (has('entitlements')) unsupported('--entitlements with --sign');
  const flags = (optionValue(request, 'options') ?? '').split(',').filter((flag) => flag !== '');
  if (flags.some((flag) => flag !== 'runtime')) unsupported(`--options ${flags.join(',')}`);
  const old = signatureState(code);
  if (old === 'signed' && !has('force')) {
    process.stderr.write(`${path}: is already signed\n`);
    return 1;
  }
  if (old !== 'unsigned' && has('force')) process.stderr.write(`${path}: replacing existing signature\n`);
  const requirements = optionValue(request, 'requirements');
  const signed = signCode(code, {
    identifier: optionValue(request, 'identifier'),
    requirements: requirements === null ? null : readRequirementText(requirements),
    identity,
    runtime: flags.includes('runtime'),
    deep: has('deep'),
    strict: !has('no-strict'),
  });
  if (request.verbose > 0)
    process.stderr.write(`${path}: signed ${signed.code.format} [${signed.identifier}]\n`);
  return 0;
}

/** By (a part of) its name, in the keychain that was named; nobody here has another. */
function findIdentity(name: string, keychain: string | null): Identity | undefined {
  if (keychain === null || name === '') return undefined;
  return readKeychain(keychain).find((identity) => identity.name.includes(name));
}

const FLAG_LINKER_SIGNED = 0x20000;

function signatureState(code: Code): 'unsigned' | 'linker-signed' | 'signed' {
  try {
    const [slice = null] = slicesOf(code);
    return (readSignature(code, slice).directory.flags & FLAG_LINKER_SIGNED) !== 0
      ? 'linker-signed'
      : 'signed';
  } catch (error) {
    if (error instanceof CodeSigningError && error.code === 'unsigned') return 'unsigned';
    throw error;
  }
}

function readRequest(args: readonly string[]): Request {
  const { options, operands } = readOptions(args, OPTIONS);
  let operation: Operation | null = null;
  let verbose = 0;
  for (const { name, given, value } of options) {
    if (!SUPPORTED.some(({ names }) => names[0] === name)) unsupported(given);
    if (name === 'display' || name === 'sign' || name === 'verify') operation = name;
    if (name === 'v' || (name === 'verbose' && value === null)) verbose += 1;
    else if (name === 'verbose') verbose = Number.parseInt(value ?? '', 10) || 0;
  }
  // -v is both: verify where nothing else is asked for, else more words.
  if (operation === null && verbose > 0) {
    operation = 'verify';
    verbose -= 1;
  }
  if (operation === null || operands.length === 0) throw new Usage();
  return { operation, verbose, options, paths: operands };
}

function optionValue(request: Request, name: string): string | null {
  return request.options.findLast((option) => option.name === name)?.value ?? null;
}

function readTestRequirement(argument: string | null, mustBeNotarized: boolean): Requirement | null {
  const notarized: Requirement = { kind: 'notarized' };
  if (argument === null) return mustBeNotarized ? notarized : null;
  const given = readRequirementArgument(argument);
  return mustBeNotarized ? { kind: 'and', left: given, right: notarized } : given;
}

function readRequirementArgument(argument: string): Requirement {
  if (argument.startsWith('=')) return parseRequirement(argument.slice(1));
  const bytes = readFileSync(argument === '-' ? 0 : argument);
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === MAGIC.requirement) return decodeRequirement(bytes);
  return parseRequirement(bytes.toString('utf8'));
}

/** Text of a requirement set, checked here so that nothing is touched when it is wrong. */
function readRequirementText(argument: string): string {
  const text = argument.startsWith('=')
    ? argument.slice(1)
    : readFileSync(argument === '-' ? 0 : argument, 'utf8');
  parseRequirements(text.replaceAll('$self.identifier', 'identifier'));
  return text;
}

function unsupported(what: string): never {
  throw new UsageError(`${what}: Apple's tool knows this, this double does not`);
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (error instanceof Usage || error instanceof UsageError) {
    if (error instanceof UsageError) process.stderr.write(`codesign: ${error.message}\n`);
    process.stderr.write(USAGE);
    process.exitCode = 2;
  } else if (error instanceof RequirementSyntaxError) {
    process.stderr.write(`error: ${CODE_SIGNING_TEXTS['requirement-invalid']}\n`);
    process.stderr.write(`Requirement syntax error(s):\n${error.message}\n`);
    process.exitCode = 1;
  } else {
    process.stderr.write(`error: ${failureText(error)}\n`);
    process.exitCode = 1;
  }
}
