import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  parsePackageSignature,
  parseTeam,
  readInstalledTeam,
  verifyPackageSignature,
} from '../../src/install/package-signature.ts';
import { verifyPackageGatekeeper } from '../../src/install/signature.ts';
import { Tools } from '../../src/install/tools.ts';
import { HAS_FIXTURES, NEEDS_FIXTURES, recordedOutput } from '../support/fixtures.ts';
import { writeRecordedTool } from '../support/recorded-tool.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: string;
let warnings: string[];
beforeEach(async () => {
  folder = await temporaryFolder();
  warnings = [];
});

function options() {
  return { tools: new Tools(folder), warn: (text: string) => void warnings.push(text) };
}

describe.skipIf(!HAS_FIXTURES)(`recorded answers of pkgutil --check-signature${NEEDS_FIXTURES}`, () => {
  const distribution = 'signed by a developer certificate issued by Apple for distribution';
  it.each([
    ['apple', 'signed Apple Software', null, 'Software Update', false],
    ['expired-xip', 'signed by a certificate that has since expired', null, 'Software Update', false],
    [
      'expired',
      'signed by a certificate that has since expired',
      null,
      'Developer ID Installer: Adobe Systems, Inc.',
      false,
    ],
    ['invalid', 'invalid signature', null, undefined, false],
    ['none', 'no signature', null, undefined, false],
    [
      'notarized-2',
      distribution,
      '9GQZ7KUFR6',
      'Developer ID Installer: Clever DevOps Co. (9GQZ7KUFR6)',
      true,
    ],
    [
      'notarized',
      distribution,
      'T4SK8ZXCXG',
      'Developer ID Installer: Mac Admins Open Source (T4SK8ZXCXG)',
      true,
    ],
    [
      'old-sha1',
      'signed by a certificate trusted by Mac OS X',
      'ABCDE12345',
      'Developer ID Installer: A Person (ABCDE12345)',
      false,
    ],
    [
      'signed-not-notarized',
      distribution,
      'ZTRDTUL87R',
      'Developer ID Installer: Akudama GmbH (ZTRDTUL87R)',
      false,
    ],
    [
      'untrusted-bundle',
      'signed by untrusted certificate',
      null,
      'Developer ID Application: EPSON (TXAEAV5RN4)',
      false,
    ],
  ])('%s is read', (name, status, team, leaf, isNotarized) => {
    const read = parsePackageSignature(recordedOutput(`pkgutil__check-signature-${name}.txt`));
    expect(read).toMatchObject({ status, team, isNotarized });
    expect(read.chain[0]).toBe(leaf);
  });

  // What was recorded without its exit status is tried with both: the words decide.
  it.each([
    ['notarized', 'T4SK8ZXCXG', [0], null],
    ['notarized-2', '9GQZ7KUFR6', [0], null],
    ['signed-not-notarized', 'ZTRDTUL87R', [0], null],
    ['notarized', '9GQZ7KUFR6', [0], 'requirement-mismatch'],
    // Somebody's good signature, and not a team's.
    ['apple', 'T4SK8ZXCXG', [0], 'requirement-mismatch'],
    // This macOS would call a Developer ID otherwise: these are the words for a root that somebody put on this Mac.
    ['old-sha1', 'ABCDE12345', [0], 'signature-invalid'],
    // installer__untrusted-certificate.txt: what installer says of the very same package.
    ['expired', 'T4SK8ZXCXG', [0, 1], 'signature-invalid'],
    ['expired-xip', 'T4SK8ZXCXG', [0, 1], 'signature-invalid'],
    ['untrusted-bundle', 'TXAEAV5RN4', [0, 1], 'signature-invalid'],
    ['invalid', 'T4SK8ZXCXG', [0, 1], 'signature-invalid'],
    ['none', 'T4SK8ZXCXG', [0, 1], 'signature-invalid'],
    // The words of a good one, and a status that contradicts them.
    ['notarized', 'T4SK8ZXCXG', [1], 'signature-invalid'],
  ])('%s, for an app of %s', async (name, team, statuses, code) => {
    for (const status of statuses) {
      const stdout = recordedOutput(`pkgutil__check-signature-${name}.txt`);
      writeRecordedTool(folder, 'pkgutil', { stdout, status });
      const signer = verifyPackageSignature('/Nexy.pkg', team, options());
      if (code === null) expect(await signer).toMatchObject({ team, name: expect.stringContaining(team) });
      else await expect(signer).rejects.toMatchObject({ code });
    }
  });

  it('are not taken from a name that contains lines of its own', async () => {
    const fake = recordedOutput('pkgutil__check-signature-notarized.txt').split('\n').slice(1).join('\n');
    const real = recordedOutput('pkgutil__check-signature-notarized-2.txt').split('\n').slice(1).join('\n');
    writeRecordedTool(folder, 'pkgutil', { stdout: `Package "a.pkg":\n${fake}":\n${real}`, status: 0 });
    await expect(verifyPackageSignature('/a.pkg', 'T4SK8ZXCXG', options())).rejects.toMatchObject({
      code: 'signature-invalid',
    });
  });
});

describe('a signature in words that are not recorded', () => {
  const chain = 'Certificate Chain:\n1. Developer ID Installer: Nexy Ltd (NEXYTEAM01)\n';
  it.each([
    ['revoked', `Status: revoked signature\n${chain}`],
    [
      'by a certificate for development',
      `Status: signed by a developer certificate issued by Apple (Development)\n${chain}`,
    ],
    ['by a root of this Mac', `Status: signed by a certificate trusted by macOS\n${chain}`],
    ['not at all', ''],
    ['without a chain', 'Status: signed by a developer certificate issued by Apple for distribution\n'],
  ])('is none: %s', async (_what, stdout) => {
    writeRecordedTool(folder, 'pkgutil', { stdout, status: 0 });
    await expect(verifyPackageSignature('/a.pkg', 'NEXYTEAM01', options())).rejects.toMatchObject({
      code: 'signature-invalid',
    });
  });

  it.each([
    ['Developer ID Installer: Nexy (Beta) Ltd (NEXYTEAM01)', 'NEXYTEAM01'],
    ['Developer ID Installer: Nexy Ltd (nexyteam01)', null],
    ['Developer ID Installer: NEXYTEAM01', null],
    ['Developer ID Application: Nexy Ltd (NEXYTEAM01)', null],
    ['3rd Party Mac Developer Installer: Nexy Ltd (NEXYTEAM01)', null],
    ['Developer ID Installer: Nexy Ltd (NEXYTEAM01) (OTHERTEAM1)', 'OTHERTEAM1'],
  ])('the team in %s is %s', (name, team) => {
    expect(parsePackageSignature(`    1. ${name}\n`).team).toBe(team);
  });
});

describe.skipIf(!HAS_FIXTURES)(`the team of the installed app${NEEDS_FIXTURES}`, () => {
  it.each([
    ['codesign__display-developer-id-stapled.txt', 'UBF8T346G9'],
    ['codesign__display-developer-id-2026.txt', 'ABCDE12345'],
    // It is shown, and means nothing: readInstalledTeam has it proved.
    ['codesign__display-broken-signature-stapled.txt', 'PL47UP47QQ'],
    ['codesign__display-adhoc-bundle.txt', null],
    ['codesign__display-adhoc-linker-signed.txt', null],
    ['codesign__display-v1-old-signature.txt', null],
    ['codesign__display-not-signed.txt', null],
  ])('in %s is %s', (name, team) => {
    expect(parseTeam(recordedOutput(name))).toBe(team);
  });

  it('is what the last line says: a path may contain one too', () => {
    expect(parseTeam('Executable=/a\nTeamIdentifier=OTHERTEAM1\n/b\nTeamIdentifier=NEXYTEAM01\n')).toBe(
      'NEXYTEAM01',
    );
    expect(parseTeam('TeamIdentifier=NEXYTEAM01\nTeamIdentifier=not set\n')).toBeNull();
  });

  it('is refused where the app is signed by nobody', async () => {
    const stderr = recordedOutput('codesign__display-adhoc-bundle.txt');
    writeRecordedTool(folder, 'codesign', { stderr, status: 0 });
    await expect(readInstalledTeam('/Applications/Nexy.app', options())).rejects.toMatchObject({
      code: 'signature-invalid',
      message: expect.stringContaining('--no-codesign'),
    });
  });
});

describe.skipIf(!HAS_FIXTURES)(`recorded answers of spctl about packages${NEEDS_FIXTURES}`, () => {
  it.each([
    ['spctl__install-accepted-apple-installer.txt', 0],
    ['spctl__install-accepted-developer-id-dmg.txt', 0],
    ['spctl__install-accepted-notarized-app.txt', 0],
    ['spctl__install-accepted-quiet.txt', 0],
  ])('accept: %s', async (name, status) => {
    writeRecordedTool(folder, 'spctl', { stderr: recordedOutput(name), status });
    expect(await verifyPackageGatekeeper('/a.pkg', '/installed', options())).toBe(true);
    expect(warnings).toEqual([]);
  });

  it('mean nothing where assessments are switched off', async () => {
    const stderr = recordedOutput('spctl__install-accepted-security-disabled.txt');
    writeRecordedTool(folder, 'spctl', { stderr, status: 0 });
    expect(await verifyPackageGatekeeper('/a.pkg', '/installed', options())).toBe(false);
    expect(warnings.join(' ')).toContain('switched off');
  });

  const rejections = [
    ['spctl__install-code-error-no-resources.txt', 1],
    ['spctl__install-internal-error-pkg.txt', 1],
    ['spctl__install-rejected-mac-developer.txt', 3],
  ] as const;
  it.each(rejections)('reject where the installed app passes: %s', async (name, status) => {
    // spctl is asked about two things: the app, which passes, and the package.
    const tools = sceneOf(name, status);
    await expect(
      verifyPackageGatekeeper('/a.pkg', '/installed', { ...options(), tools }),
    ).rejects.toMatchObject({
      code: 'gatekeeper-rejected',
    });
  });

  it.each(rejections)(
    'are a warning where the installed app does not pass either: %s',
    async (name, status) => {
      writeRecordedTool(folder, 'spctl', { stderr: recordedOutput(name), status });
      expect(await verifyPackageGatekeeper('/a.pkg', '/installed', options())).toBe(false);
      expect(warnings).toHaveLength(1);
    },
  );

  function sceneOf(name: string, status: number): Tools {
    writeFileSync(join(folder, 'answer'), recordedOutput(name));
    const script = `#!/bin/sh\ncase "$*" in *execute*) exit 0 ;; esac\ncat '${folder}/answer' >&2\nexit ${status}\n`;
    writeFileSync(join(folder, 'spctl'), script, { mode: 0o755 });
    return new Tools(folder);
  }
});
