#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { checkNode } from './check-node.js';

checkNode('nexy-release');
// Gigabytes go through in small pieces. Where the room for young objects never grows, publishing a 1 GiB file peaks at
// 108 MiB instead of 120 (test/e2e/release-memory.test.ts).
setFlagsFromString('--semi-space-growth-factor=1');
await import('../dist/cli/nexy-release.js');
