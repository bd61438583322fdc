#!/usr/bin/env node
import { checkNode } from './check-node.js';

checkNode('nexy-release');
await import('../dist/cli/nexy-release.js');
