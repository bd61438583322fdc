#!/usr/bin/env node
// Checked before anything else is loaded: an old Node would fail on the imports with an unreadable error.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(
    `nexy-updater needs Node 22.12 or newer; this is ${process.version}. Run it with "npx nexy-updater", which finds the Node that npm installed here.\n`,
  );
  process.exit(1);
}
await import('../dist/cli/nexy-updater.js');
