import { expect, it } from 'vitest';
import { shortCommand } from '../../../src/lab/mac/short-command.ts';

const GOOD = { status: 0, stdout: 'much', stderr: 'more' };

it.each([
  [['/mac/Applications/Nexy.app'], 'ditto /Applications/Nexy.app'],
  [['/cache/pending/Nexy.dmg'], 'ditto …/Nexy.dmg'],
  [['/dev/disk4', '/usr/bin/true', '-x'], 'ditto /dev/disk4 /usr/bin/true -x'],
  [['/machine/x'], 'ditto …/x'],
  [['r'.repeat(60)], `ditto ${'r'.repeat(48)}…`],
])('shows %j', (args, expected) => {
  expect(shortCommand('/mac', 'ditto', args, GOOD)).toBe(expected);
});

it('tells what a tool said that failed, from whichever stream', () => {
  const failed = { status: 3, stdout: '', stderr: 'first\n/mac/Applications/Nexy.app: rejected\n' };
  expect(shortCommand('/mac', 'spctl', [], failed)).toBe(
    'spctl → status 3: /Applications/Nexy.app: rejected',
  );
  expect(shortCommand('/mac', 'ps', [], { status: 1, stdout: '', stderr: '' })).toBe('ps → status 1');
  expect(shortCommand('/mac', 'xattr', [], { status: 1, stdout: 'no\n', stderr: '' })).toBe(
    'xattr → status 1: no',
  );
});
