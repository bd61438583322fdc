import { beforeEach, describe, expect, it } from 'vitest';
import {
  readDesignatedRequirement,
  verifyGatekeeper,
  verifyPackageGatekeeper,
  verifySignature,
} from '../../src/install/signature.ts';
import { Tools } from '../../src/install/tools.ts';
import { HAS_FIXTURES, NEEDS_FIXTURES, recordedOutput } from '../support/fixtures.ts';
import { writeRecordedTool } from '../support/recorded-tool.ts';
import { callsOf, writeScriptedTool } from '../support/scripted-tool.ts';
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

describe.skipIf(!HAS_FIXTURES)(`recorded answers of codesign${NEEDS_FIXTURES}`, () => {
  it.each([
    ['codesign__display-r-apple.txt', 'identifier "com.apple.bash" and anchor apple'],
    ['codesign__display-r-adhoc.txt', 'cdhash H"51837d1122ccaa5f7809f9b321679906f1168608"'],
    [
      'codesign__display-r-developer-id-2015.txt',
      'identifier "com.blackpixel.kaleidoscope" and anchor apple generic and certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */ and certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */ and certificate leaf[subject.OU] = "432ZXYXDNY"',
    ],
  ])('give the requirement in %s', async (name, requirement) => {
    writeRecordedTool(folder, 'codesign', { stdout: recordedOutput(name), status: 0 });
    expect(await readDesignatedRequirement('/Applications/Nexy.app', options())).toBe(requirement);
  });

  it('say when the installed app is not signed', async () => {
    writeRecordedTool(folder, 'codesign', {
      stderr: recordedOutput('codesign__display-not-signed.txt'),
      status: 1,
    });
    await expect(readDesignatedRequirement('/a.app', options())).rejects.toMatchObject({
      code: 'signature-invalid',
    });
  });

  it.each([
    ['codesign__verify-ok.txt', 0, null],
    ['codesign__verify-explicit-requirement-ok.txt', 0, null],
    ['codesign__test-requirement-failed.txt', 3, 'requirement-mismatch'],
    ['codesign__test-requirement-failed-deep.txt', 3, 'requirement-mismatch'],
    ['codesign__verify-modified-file-with-prepared-lines.txt', 1, 'signature-invalid'],
    ['codesign__verify-nested-code-subcomponent.txt', 1, 'signature-invalid'],
    ['codesign__verify-invalid-signature.txt', 1, 'signature-invalid'],
    ['codesign__verify-detritus.txt', 1, 'signature-invalid'],
    ['codesign__verify-no-resources.txt', 1, 'signature-invalid'],
  ])('%s with status %d means %s', async (name, status, code) => {
    writeRecordedTool(folder, 'codesign', { stderr: recordedOutput(name), status });
    const verified = verifySignature('/a.app', 'anchor apple', options());
    if (code === null) await verified;
    else await expect(verified).rejects.toMatchObject({ code });
  });

  it('give no requirement where the status is a failure, or nothing stands there', async () => {
    for (const [stdout, status] of [
      ['designated => anchor apple\n', 1],
      ['designated =>  \n', 0],
      ['not designated => anchor apple\n', 0],
      ['## designated => anchor apple\n', 0],
      ['', 0],
    ] as const) {
      writeRecordedTool(folder, 'codesign', { stdout, stderr: 'words\n', status });
      await expect(readDesignatedRequirement('/a.app', options())).rejects.toMatchObject({
        code: 'signature-invalid',
        message:
          'The installed app /a.app is not signed, so it cannot be told who may update it. Nothing was changed. Install a signed version by hand, or, for a test, pass --no-codesign.',
        details: { output: expect.stringContaining('words') },
      });
    }
  });

  it('are asked for as the manual says', async () => {
    writeScriptedTool(folder, 'codesign', [
      { stdout: 'Executable=x\ndesignated => anchor apple  \nmore\n' },
      {},
    ]);
    expect(await readDesignatedRequirement('/a.app', options())).toBe('anchor apple');
    await verifySignature('/b.app', 'anchor apple', options());
    expect(callsOf(folder, 'codesign')).toEqual([
      ['-d', '-r-', '/a.app'],
      ['--verify', '--deep', '--strict', '--verbose=2', '-R', '=anchor apple', '/b.app'],
    ]);
  });

  it('are told to a person', async () => {
    writeRecordedTool(folder, 'codesign', { stderr: 'a.app: test-requirement: no\n', status: 3 });
    await expect(verifySignature('/a.app', 'anchor apple', options())).rejects.toMatchObject({
      message:
        'The download is signed by somebody else than the installed app. Nothing was changed. Do not install it by hand; tell the release team.',
      details: { requirement: 'anchor apple', output: 'a.app: test-requirement: no' },
    });
    writeRecordedTool(folder, 'codesign', {
      stderr: '--prepared:x\n\n/a.app: invalid signature (code or signature have been modified)\nmore',
      status: 1,
    });
    await expect(verifySignature('/a.app', 'anchor apple', options())).rejects.toMatchObject({
      message:
        'The signature of the download does not fit its contents (invalid signature (code or signature have been modified)). Nothing was changed. The release team has to publish it again.',
      details: {
        output: '--prepared:x\n\n/a.app: invalid signature (code or signature have been modified)\nmore',
      },
    });
    writeRecordedTool(folder, 'codesign', { status: 1 });
    await expect(verifySignature('/a.app', 'anchor apple', options())).rejects.toThrow('(no reason given)');
  });

  it('are not waited for once the update is cancelled', async () => {
    writeRecordedTool(folder, 'codesign', { status: 0 });
    const cancelled = { ...options(), signal: AbortSignal.abort() };
    await expect(verifySignature('/a.app', 'anchor apple', cancelled)).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('are told in words that do not name our own folders', async () => {
    const stderr = recordedOutput('codesign__verify-sealed-resource-no-verbose.txt');
    writeRecordedTool(folder, 'codesign', { stderr, status: 1 });
    await expect(verifySignature('/tmp/Conductor.app', 'anchor apple', options())).rejects.toThrow(
      'does not fit its contents (a sealed resource is missing or invalid)',
    );
  });
});

describe.skipIf(!HAS_FIXTURES)(`recorded verdicts of Gatekeeper${NEEDS_FIXTURES}`, () => {
  it('are final where the installed app passes', async () => {
    writeRecordedTool(folder, 'spctl', {
      stderr: recordedOutput('spctl__execute-accepted-notarized.txt'),
      status: 0,
    });
    writeRecordedTool(folder, 'gktool', { stdout: recordedOutput('gktool__scan-rejected.txt'), status: 1 });
    await expect(verifyGatekeeper('/new', '/installed', options())).rejects.toMatchObject({
      code: 'gatekeeper-rejected',
    });
    writeRecordedTool(folder, 'gktool', { stdout: recordedOutput('gktool__scan-allowed.txt'), status: 0 });
    await verifyGatekeeper('/new', '/installed', options());
    expect(warnings).toEqual([]);
  });

  it.each([
    ['spctl__execute-rejected-adhoc.txt', 3],
    ['spctl__execute-rejected-unnotarized-exit3.txt', 3],
    ['spctl__execute-rejected-notarized-app-store-only.txt', 3],
    ['spctl__execute-sealed-resource.txt', 1],
    ['spctl__execute-internal-error.txt', 1],
  ])('are a warning where the installed app does not pass either: %s', async (name, status) => {
    writeRecordedTool(folder, 'spctl', { stderr: recordedOutput(name), status });
    await verifyGatekeeper('/new', '/installed', options());
    expect(warnings).toHaveLength(1);
  });

  it('of a package are asked for the installed app first, as one to be installed then', async () => {
    writeScriptedTool(folder, 'spctl', [{}, {}, { status: 3 }]);
    expect(await verifyPackageGatekeeper('/new.pkg', '/installed', options())).toBe(true);
    expect(callsOf(folder, 'spctl')).toEqual([
      ['--assess', '--type', 'execute', '--verbose=2', '/installed'],
      ['--assess', '--type', 'install', '--verbose=2', '/new.pkg'],
    ]);
    expect(await verifyPackageGatekeeper('/new.pkg', '/installed', options())).toBe(false);
    expect(warnings).toHaveLength(1);
  });

  it('are asked for the installed app first, and for the new one by both tools', async () => {
    writeScriptedTool(folder, 'spctl', [{}]);
    writeScriptedTool(folder, 'gktool', [{}]);
    await verifyGatekeeper('/new', '/installed', options());
    expect(callsOf(folder, 'spctl')).toEqual([
      ['--assess', '--type', 'execute', '--verbose=2', '/installed'],
      ['--assess', '--type', 'execute', '--verbose=2', '/new'],
    ]);
    expect(callsOf(folder, 'gktool')).toEqual([['scan', '/new']]);
    expect(warnings).toEqual([]);
  });

  it('are told to a person', async () => {
    writeScriptedTool(folder, 'spctl', [{}, { stderr: '/new: rejected\nsource=x\n', status: 3 }]);
    await expect(verifyGatekeeper('/new', '/installed', options())).rejects.toMatchObject({
      message:
        'macOS would not open the new version (rejected). Nothing was changed. The release team has to publish a notarized one.',
      details: { output: '/new: rejected\nsource=x' },
    });
    writeScriptedTool(folder, 'spctl', [{ stderr: '/new: rejected\n', status: 3 }]);
    await verifyGatekeeper('/new', '/installed', options());
    expect(warnings).toEqual([
      'Gatekeeper does not accept the new version (rejected), nor the installed one; going on.',
    ]);
  });

  it('count for nothing where Gatekeeper is switched off', async () => {
    const name = 'spctl__execute-accepted-no-signature-security-disabled.txt';
    writeRecordedTool(folder, 'spctl', { stderr: recordedOutput(name), status: 0 });
    writeRecordedTool(folder, 'gktool', { stdout: recordedOutput('gktool__scan-rejected.txt'), status: 1 });
    await verifyGatekeeper('/new', '/installed', options());
    expect(warnings).toEqual([
      'Gatekeeper is switched off on this Mac, so it has no say in this update.',
      expect.stringMatching(/^Gatekeeper does not accept the new version /),
    ]);
  });
});
