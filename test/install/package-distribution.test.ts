import { describe, expect, it } from 'vitest';
import { type Distribution, readDistribution } from '../../src/image/distribution.ts';
import type { PackageComponent, PackageContents } from '../../src/image/package-contents.ts';
import { readPackageInfo } from '../../src/image/package-info.ts';
import type { Machine } from '../../src/install/machine.ts';
import { assertDistributionFits } from '../../src/install/package-distribution.ts';

const PRODUCT = `<installer-gui-script minSpecVersion="2">
  <title>Nexy</title>
  <pkg-ref id="nexy"><bundle-version><bundle id="com.nexy.assistant" path="Nexy.app"/></bundle-version></pkg-ref>
  <volume-check><allowed-os-versions><os-version min="11.0"/></allowed-os-versions></volume-check>
  <options customize="never" require-scripts="false" hostArchitectures="arm64,x86_64"/>
  <choices-outline><line choice="default"><line choice="nexy"/></line></choices-outline>
  <choice id="default"/>
  <choice id="nexy" visible="false" title="The app"><pkg-ref id="nexy"/></choice>
  <pkg-ref id="nexy" version="2.0.0.46" onConclusion="none">#Nexy%20app.pkg</pkg-ref>
  <domains enable_anywhere="false" enable_currentUserHome="false" enable_localSystem="true"/>
</installer-gui-script>`;

const MEMBER = 'Nexy app.pkg';
const MAC: Machine = { systemVersion: '15.7.7', architecture: 'arm64', hasRosetta: true };

async function contentsOf(text: string): Promise<PackageContents> {
  const information = await readPackageInfo(
    'a.pkg',
    'PackageInfo',
    '<pkg-info identifier="nexy" version="1"/>',
  );
  const rest = { hasScripts: false, scriptFiles: [], payload: [], bom: [] };
  const component: PackageComponent = { ...information, ...rest, member: MEMBER };
  const distribution = await readDistribution('a.pkg', text);
  const table = {
    packed: Buffer.alloc(0),
    heapOffset: 0,
    checksum: { style: 'sha1', offset: 0, size: 20 },
    members: [],
    signatures: [],
  };
  return { title: null, table, distribution, components: [component] };
}

/** The code with which a product is refused, or null. */
async function refusal(text: string, machine: Machine = MAC): Promise<unknown> {
  const contents = await contentsOf(text);
  try {
    assertDistributionFits(contents, MEMBER, machine);
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

const change = (from: string, to: string) => {
  expect(PRODUCT).toContain(from);
  return PRODUCT.replace(from, to);
};

describe('a Distribution', () => {
  it('is read whole', async () => {
    expect(await readDistribution('a.pkg', PRODUCT)).toEqual({
      title: 'Nexy',
      // The second is the one that its choice names, further down in the text.
      packageReferences: [
        { id: 'nexy', version: null, source: null },
        { id: 'nexy', version: '2.0.0.46', source: '#Nexy%20app.pkg' },
        { id: 'nexy', version: null, source: null },
      ],
      choices: [
        {
          id: 'default',
          title: null,
          startSelected: null,
          selected: null,
          customLocation: null,
          packages: [],
        },
        {
          id: 'nexy',
          title: 'The app',
          startSelected: null,
          selected: null,
          customLocation: null,
          packages: ['nexy'],
        },
      ],
      customize: 'never',
      hostArchitectures: ['arm64', 'x86_64'],
      allowedSystems: [{ minimum: '11.0', before: null }],
      domains: { anywhere: false, currentUserHome: false, localSystem: true },
      checks: {
        installationCheck: false,
        volumeCheck: false,
        hasScript: false,
        allowsExternalScripts: false,
      },
    } satisfies Distribution);
  });

  it('tells what it runs before anything is installed', async () => {
    const text = `<installer-script><options allow-external-scripts="yes"/><script>function f() { return true; }</script><installation-check script="f()"/><volume-check script="f()"/></installer-script>`;
    expect((await readDistribution('a.pkg', text)).checks).toEqual({
      installationCheck: true,
      volumeCheck: true,
      hasScript: true,
      allowsExternalScripts: true,
    });
  });

  it('fits as electron-builder makes it', async () => {
    expect(await refusal(PRODUCT)).toBeNull();
  });

  it.each([
    [
      'fetches a package from elsewhere',
      change('#Nexy%20app.pkg', 'http://example.com/Nexy.pkg'),
      'pkg-wrong-location',
    ],
    ['names a package that is not in it', change('#Nexy%20app.pkg', '#Other.pkg'), 'pkg-wrong-location'],
    ['has a reference that cannot be read', change('#Nexy%20app.pkg', '#%zz'), 'pkg-wrong-location'],
    ['asks for a place of its own', change('visible="false"', 'customLocation="/tmp"'), 'pkg-wrong-location'],
    [
      'is for a home folder',
      change('enable_localSystem="true"', 'enable_localSystem="false"'),
      'pkg-wrong-location',
    ],
    ['does not refer to the app', change('#Nexy%20app.pkg', ''), 'payload-not-found'],
    ['leaves the app to be chosen', change('visible="false"', 'start_selected="false"'), 'payload-not-found'],
    ['needs a newer macOS', change('min="11.0"', 'min="16.0"'), 'payload-incompatible'],
    ['needs an older macOS', change('min="11.0"', 'min="10.9" before="11.0"'), 'payload-incompatible'],
    ['is for another processor', change('arm64,x86_64', 'i386'), 'payload-incompatible'],
  ])('is refused when it %s', async (_what, text, code) => {
    expect(await refusal(text)).toBe(code);
  });

  it('for Intel only fits Apple silicon where Rosetta is', async () => {
    const text = change('arm64,x86_64', 'x86_64');
    expect(await refusal(text)).toBeNull();
    expect(await refusal(text, { ...MAC, hasRosetta: false })).toBe('payload-incompatible');
    expect(await refusal(text, { ...MAC, architecture: 'x86_64', hasRosetta: null })).toBeNull();
  });

  it('fits where this Mac cannot be told', async () => {
    const machine = { systemVersion: null, architecture: null, hasRosetta: null };
    expect(
      await refusal(change('min="11.0"', 'min="99"').replace('arm64,x86_64', 'i386'), machine),
    ).toBeNull();
  });

  it.each(['<html/>', '<installer-script/><installer-script/>', 'text'])(
    'is refused when it is %s',
    async (text) => {
      await expect(readDistribution('a.pkg', text)).rejects.toMatchObject({ code: 'image-unreadable' });
    },
  );
});
