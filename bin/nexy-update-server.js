#!/usr/bin/env node
import { checkNode } from './check-node.js';

checkNode('nexy-update-server');
await import('../dist/cli/nexy-update-server.js');
