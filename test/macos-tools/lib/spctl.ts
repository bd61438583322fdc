import { writeSync } from 'node:fs';
import { type Assessment, assessCode } from './code-signing/assess.ts';
import { CodeSigningError } from './code-signing/code-signing-error.ts';
import { areAssessmentsEnabled } from './code-signing/machine-policy.ts';
import { type OptionRule, readOptions, UsageError } from './code-signing/options.ts';
import { type PropertyList, writePropertyList } from './code-signing/property-list.ts';
import { failureText } from './code-signing/report.ts';
import { assessPackage, isPackage } from './packages/assess-package.ts';

// Text of macOS 15.
const USAGE = `System Policy Basic Usage:
       spctl --assess [--type type] [-v] path ... # assessment
       spctl --status # assessment system status
       spctl --global-disable | --disable-status

`;

const none = (...names: string[]): OptionRule => ({ names, argument: 'none' });
const required = (...names: string[]): OptionRule => ({ names, argument: 'required' });

const SUPPORTED: readonly OptionRule[] = [
  none('assess', 'a'),
  none('status'),
  required('type', 't'),
  none('v'),
  { names: ['verbose'], argument: 'optional' },
  required('context'),
  none('continue'),
  none('ignore-cache'),
  none('no-cache'),
  none('raw'),
];
const UNSUPPORTED: readonly OptionRule[] = [
  ...['global-disable', 'global-enable', 'master-disable', 'master-enable', 'disable-status', 'purge'].map(
    (name) => none(name),
  ),
  ...['add', 'remove', 'enable', 'disable', 'list', 'reset-default'].map((name) => none(name)),
  ...['anchor', 'hash', 'path', 'requirement', 'rule', 'priority', 'label'].map((name) => required(name)),
];

const TYPES: Readonly<Record<string, 'execute' | 'install' | 'open'>> = {
  exec: 'execute',
  execute: 'execute',
  install: 'install',
  open: 'open',
};

class Usage extends Error {}

/** Runs spctl. Exit statuses of spctl(8): 0 accepted, 1 failed, 2 usage, 3 denied and nothing else wrong. */
async function main(args: readonly string[]): Promise<number> {
  const { options, operands } = readOptions(args, [...SUPPORTED, ...UNSUPPORTED]);
  let verbose = 0;
  for (const { name, given, value } of options) {
    if (!SUPPORTED.some(({ names }) => names[0] === name))
      throw new UsageError(`${given}: Apple's tool knows this, this double does not`);
    if (name === 'v' || (name === 'verbose' && value === null)) verbose += 1;
    else if (name === 'verbose') verbose = Number.parseInt(value ?? '', 10) || 0;
  }
  const optionValue = (name: string) => options.findLast((option) => option.name === name)?.value ?? null;
  const has = (name: string) => options.some((option) => option.name === name);
  if (has('status')) {
    process.stdout.write(`assessments ${areAssessmentsEnabled() ? 'enabled' : 'disabled'}\n`);
    return areAssessmentsEnabled() ? 0 : 1;
  }
  if (!has('assess') || operands.length === 0) throw new Usage();
  const type = TYPES[optionValue('type') ?? 'execute'];
  if (type === undefined) throw new UsageError(`${optionValue('type')}: unrecognized assessment type`);
  const hasContext = optionValue('context') === 'context:primary-signature';
  let status = 0;
  for (const path of operands) {
    const one = await assess(path, { type, verbose, isRaw: has('raw'), hasContext });
    if (one !== 0 && !has('continue')) return one;
    status = Math.max(status, one);
  }
  return status;
}

interface Request {
  readonly type: 'execute' | 'install' | 'open';
  readonly verbose: number;
  readonly isRaw: boolean;
  readonly hasContext: boolean;
}

async function assess(path: string, request: Request): Promise<number> {
  const isEnabled = areAssessmentsEnabled();
  let assessment: Assessment;
  try {
    assessment =
      request.type === 'open' && !request.hasContext
        ? { isAccepted: false, source: 'Insufficient Context', origin: null, remark: null }
        : request.type === 'install' && isPackage(path)
          ? await assessPackage(path)
          : assessCode(path, request.type);
  } catch (error) {
    process.stderr.write(`${path}: ${failureText(error)}\n`);
    // A broken seal is no verdict, but the code is denied all the same.
    return error instanceof CodeSigningError ? 3 : 1;
  }
  const isAccepted = assessment.isAccepted || !isEnabled;
  const remark = assessment.remark === null || isAccepted ? '' : ` (${assessment.remark})`;
  if (request.verbose > 0 || !isAccepted)
    process.stderr.write(`${path}: ${isAccepted ? 'accepted' : 'rejected'}${remark}\n`);
  if (request.verbose > 0) {
    if (assessment.source !== null) process.stderr.write(`source=${assessment.source}\n`);
    if (!isEnabled) process.stderr.write('override=security disabled\n');
    if (request.verbose > 1 && assessment.origin !== null)
      process.stderr.write(`origin=${assessment.origin}\n`);
  }
  if (request.isRaw) writeSync(1, writePropertyList(describe(assessment, isAccepted)).toString('utf8'));
  return isAccepted ? 0 : 3;
}

function describe(assessment: Assessment, isAccepted: boolean): PropertyList {
  const authority = assessment.source === null ? {} : { 'assessment:authority:source': assessment.source };
  return {
    'assessment:authority': { 'assessment:authority:flags': 0, ...authority },
    ...(assessment.origin === null ? {} : { 'assessment:originator': assessment.origin }),
    'assessment:remote': true,
    'assessment:verdict': isAccepted,
  };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Usage) && !(error instanceof UsageError)) throw error;
  if (error instanceof UsageError) process.stderr.write(`spctl: ${error.message}\n`);
  process.stderr.write(USAGE);
  process.exitCode = 2;
}
