import { runMain, ToolEnd } from './tool.ts';

/** hdiutil(1), "VERBS", those that are here; each is loaded only when it is called. */
const VERBS: Readonly<
  Record<string, () => Promise<(toolArguments: readonly string[]) => Promise<number> | number>>
> = {
  attach: async () => (await import('./disk-images/attach.ts')).attach,
  mount: async () => (await import('./disk-images/attach.ts')).attach,
  detach: async () => (await import('./disk-images/detach.ts')).detach,
  unmount: async () => (await import('./disk-images/detach.ts')).detach,
  eject: async () => (await import('./disk-images/detach.ts')).detach,
  info: async () => (await import('./disk-images/information.ts')).info,
  verify: async () => (await import('./disk-images/information.ts')).verify,
  imageinfo: async () => (await import('./disk-images/information.ts')).imageInfo,
  isencrypted: async () => (await import('./disk-images/information.ts')).isEncrypted,
  create: async () => (await import('./disk-images/create.ts')).create,
};

const USAGE = `Usage: hdiutil <verb> <options>
<verb> is one of the following:
${Object.keys(VERBS)
  .map((verb) => `${verb}\n`)
  .join('')}(This is a double of Apple's tool: other verbs are not there.)
`;

async function main([verb, ...rest]: readonly string[]): Promise<number> {
  if (verb === undefined) throw new ToolEnd(1, USAGE);
  if (verb === 'help' || verb === '-help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const load = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (load === undefined) throw new ToolEnd(1, `hdiutil: ${verb}: unrecognized verb\n${USAGE}`);
  if (rest.includes('-help')) {
    const { usage } = await import('./disk-images/arguments.ts');
    process.stdout.write(usage(verb));
    return 0;
  }
  return (await load())(rest);
}

await runMain(main);
