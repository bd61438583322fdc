import { assessCode } from './code-signing/assess.ts';
import { readAttribute } from './code-signing/attributes.ts';
import { openCode } from './code-signing/code.ts';
import { CodeSigningError } from './code-signing/code-signing-error.ts';
import { areAssessmentsEnabled } from './code-signing/machine-policy.ts';
import { failureText } from './code-signing/report.ts';

// The form of the help is not recorded anywhere; only its being there and its exit status are relied upon.
const USAGE = `OVERVIEW: Perform Gatekeeper operations.

USAGE: gktool <subcommand>

OPTIONS:
  -h, --help              Show help information.

SUBCOMMANDS:
  scan                    Scan the provided software.

  See 'gktool help <subcommand>' for detailed help.
`;
const ALLOWED = 'Scan completed and software is allowed by system policy.\n';
const REJECTED =
  'Scan completed, but failed because the software is not signed by a distributor that meets the system ' +
  'Gatekeeper requirements.\n';

/** Runs gktool. Software that is not quarantined is allowed whoever signed it, as long as its seal holds. */
function main(args: readonly string[]): number {
  const [verb, path, ...more] = args;
  if (verb === undefined || verb === '--help' || verb === '-h' || verb === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (verb !== 'scan' || path === undefined || path.startsWith('-') || more.length > 0) {
    const wrong = verb === 'scan' ? (more[0] ?? path) : verb;
    process.stderr.write(
      wrong === undefined
        ? "Error: Missing expected argument '<path>'\n"
        : `Error: Unexpected argument '${wrong}'\n`,
    );
    process.stderr.write(USAGE);
    return 2;
  }
  return scan(path);
}

function scan(path: string): number {
  try {
    const isQuarantined = readAttribute(openCode(path).path, 'com.apple.quarantine') !== null;
    const isAllowed = isAccepted(path) || (!isQuarantined && !isBroken(path)) || !areAssessmentsEnabled();
    process.stdout.write(isAllowed ? ALLOWED : REJECTED);
    return isAllowed ? 0 : 1;
  } catch (error) {
    process.stderr.write(`Error: ${path}: ${failureText(error)}\n`);
    return 1;
  }
}

function isAccepted(path: string): boolean {
  try {
    return assessCode(path, 'execute').isAccepted;
  } catch (error) {
    if (error instanceof CodeSigningError) return false;
    throw error;
  }
}

/** A torn seal is refused even where nobody asks who signed. */
function isBroken(path: string): boolean {
  try {
    assessCode(path, 'execute');
    return false;
  } catch (error) {
    if (error instanceof CodeSigningError) return true;
    throw error;
  }
}

process.exitCode = main(process.argv.slice(2));
