#!/usr/bin/env node
import { checkNode } from './check-node.js';

checkNode('nexy-updater');
await import('../dist/cli/nexy-updater.js');
