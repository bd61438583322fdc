import { expect, it } from 'vitest';
import { parsePropertyList } from '../../../src/bundle/property-list.ts';
import { buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { INFO_PLIST_BYTES, planOfInfo, writeInfoPlist } from '../../../src/lab/builds/info-plist.ts';

const read = (bytes: Uint8Array) => parsePropertyList(bytes, 'it');

it.each([
  buildPlan('2.0.0.46'),
  buildPlan('1.0.1', { bundleVersion: '20600', minimumOs: '13.0', updater: 'ours' }),
  buildPlan('<2> & "3"', { label: 'zweite Fassung 🎧 ]]> &amp;' }),
])('gives the plan back that it was written of: %o', (plan) => {
  expect(planOfInfo(read(writeInfoPlist(plan)))).toEqual(plan);
});

it('has what an updater looks at', () => {
  expect(
    read(writeInfoPlist(buildPlan('2.0.0', { bundleVersion: '20000', minimumOs: '11.0' }))),
  ).toMatchObject({
    CFBundleExecutable: 'Nexy',
    CFBundleIdentifier: 'com.nexy.assistant',
    CFBundlePackageType: 'APPL',
    CFBundleShortVersionString: '2.0.0',
    CFBundleVersion: '20000',
    LSMinimumSystemVersion: '11.0',
  });
});

it('always has the same length', () => {
  for (const label of ['', 'a', 'ü'.repeat(500)])
    expect(writeInfoPlist(buildPlan('1.0', { label }))).toHaveLength(INFO_PLIST_BYTES);
});

it.each(['x'.repeat(INFO_PLIST_BYTES), 'a null \0', 'half a character \ud800'])(
  'refuses what it cannot hold',
  (label) => {
    expect(() => writeInfoPlist(buildPlan('1.0', { label }))).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  },
);

it('is not read from an app of somebody else', () => {
  expect(() =>
    planOfInfo({ CFBundleShortVersionString: '1.0', CFBundleVersion: '1', LSMinimumSystemVersion: '11.0' }),
  ).toThrow(expect.objectContaining({ code: 'payload-incompatible' }));
});
