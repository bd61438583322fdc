/**
 * Run by Stryker in the copy of the repository that it mutates, `.stryker-tmp/sandbox-…`. Its copies of links are
 * files, so the doubles of Apple's tools, which are links to one script, would not find themselves; and the fixtures
 * lie beside the repository. Both are linked to where they really are. Tests that act as other users have to be able to
 * read it.
 */
import { chmodSync, rmSync, symlinkSync } from 'node:fs';

const REPOSITORY = '../..';

rmSync('test/macos-tools', { recursive: true });
symlinkSync(`../${REPOSITORY}/test/macos-tools`, 'test/macos-tools');
rmSync('../shared', { force: true });
symlinkSync('../../shared', '../shared');
chmodSync('.', 0o755);
