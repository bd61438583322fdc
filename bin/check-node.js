/**
 * Ends the program with a sentence where Node is too old. Called before anything else is loaded: an old Node would fail
 * on the imports with an unreadable error.
 */
export function checkNode(program) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return;
  process.stderr.write(
    `${program} needs Node 22.12 or newer; this is ${process.version}. Run it with "npx ${program}", which finds the Node that npm installed here.\n`,
  );
  process.exit(1);
}
