import type { OptionRule } from './options.ts';

/** Text of macOS 13 and later; the lines before the last are in codesign's published source. */
export const USAGE = `Usage: codesign -s identity [-fv*] [-o flags] [-r reqs] [-i ident] path ... # sign
       codesign -v [-v*] [-R=<req string>|-R <req file path>] path|[+]pid ... # verify
       codesign -d [options] path ... # display contents
       codesign -h pid ... # display hosting paths
       codesign --validate-constraint path ... # check the supplied constraint plist
`;

const none = (...names: string[]): OptionRule => ({ names, argument: 'none' });
const required = (...names: string[]): OptionRule => ({ names, argument: 'required' });
const optional = (...names: string[]): OptionRule => ({ names, argument: 'optional' });

/** What this double does. */
export const SUPPORTED: readonly OptionRule[] = [
  none('display', 'dump', 'd'),
  none('force', 'f'),
  required('identifier', 'i'),
  required('options', 'o'),
  required('requirements', 'r'),
  required('test-requirement', 'R'),
  required('sign', 's'),
  required('keychain'),
  { names: ['v'], argument: 'none' },
  optional('verbose'),
  none('verify'),
  required('architecture', 'a'),
  none('all-architectures'),
  none('check-notarization'),
  none('continue'),
  none('deep', 'deep-verify'),
  required('entitlements'),
  none('ignore-resources'),
  optional('strict'),
  none('no-strict'),
  optional('timestamp'),
  none('xml'),
];

/** What Apple's codesign(1) knows and this double does not do. */
const UNSUPPORTED: readonly OptionRule[] = [
  ...['bundle-version', 'codedirectory', 'digest-algorithm', 'file-list'],
  ...[
    'team-identifier',
    'prefix',
    'procaction',
    'resource-rules',
    'sdkroot',
    'signature-size',
    'signing-time',
  ],
  ...[
    'runtime-version',
    'launch-constraint-self',
    'launch-constraint-parent',
    'launch-constraint-responsible',
  ],
  ...['library-constraint'],
].map((name) => required(name));
const UNSUPPORTED_FLAGS: readonly OptionRule[] = [
  none('hosting', 'h'),
  ...['check-expiration', 'check-revocation', 'dryrun', 'expired', 'full-metal-jacket', 'legacy-signing'],
  ...[
    'no-legacy-signing',
    'no-macho',
    'numeric-errors',
    'procinfo',
    'remove-signature',
    'revoked',
    'no-tsa-certs',
  ],
  ...['seal-root', 'generate-entitlement-der', 'force-library-entitlements', 'strip-disallowed-xattrs'],
  ...['single-threaded-signing', 'validate-constraint', 'enforce-constraint-validity', 'json', 'der'],
].map((rule) => (typeof rule === 'string' ? none(rule) : rule));
const UNSUPPORTED_OPTIONAL: readonly OptionRule[] = [
  optional('detached-database'),
  optional('extract-certificates'),
  optional('features'),
  optional('preserve-metadata'),
];

/** Every option of codesign(1). */
export const OPTIONS: readonly OptionRule[] = [
  required('detached', 'D'),
  required('pagesize', 'P'),
  ...SUPPORTED,
  ...UNSUPPORTED,
  ...UNSUPPORTED_FLAGS,
  ...UNSUPPORTED_OPTIONAL,
];
