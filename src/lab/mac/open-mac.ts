import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parsePropertyList } from '../../bundle/property-list.ts';
import { isMacosAtLeast, parseMacosVersion } from '../../check/machine-requirement.ts';
import { UpdateError } from '../../errors.ts';
import { cancelled, type ToolName, type ToolResult } from '../../install/tools.ts';
import type { Build, BuildPlan } from '../builds/build-plan.ts';
import { planOfInfo } from '../builds/info-plist.ts';
import type { Trace } from '../trace.ts';
import { codesign, spctl } from './code-signature.ts';
import { DiskImages } from './disk-images.ts';
import { type FileTree, readTree, writeTree } from './file-tree.ts';
import { readImageContents } from './image-contents.ts';
import type { LabMac } from './lab-mac.ts';
import { shortCommand } from './short-command.ts';
import { answer, failure, notUnderstood } from './tool-answer.ts';

export interface MacOptions {
  /** The Mac's own: made where it is missing, and removed with everything in it by `close`. */
  readonly folder: string;
  /** E.g. `15.5`. */
  readonly macos: string;
  readonly architecture: 'arm64' | 'x86_64';
  readonly installed: Build;
  /** Told of each call of a tool. */
  readonly trace: Trace;
}

type ToolDouble = (args: readonly string[]) => ToolResult | Promise<ToolResult>;

const APP_NAME = 'Nexy.app';

/**
 * Sets up a Mac with an installed app. Its tools are answered within this process, as far as updaters of the lab use
 * them; nothing runs on it, so no process is ever in the way of an update.
 *
 * @throws UpdateError `image-unreadable` where what is to be installed is no disk image, `payload-not-found` where
 *   there is no app in it; the system's error
 */
export async function openMac(options: MacOptions): Promise<LabMac> {
  const { folder, macos, architecture, trace } = options;
  const app = join(folder, 'Applications', APP_NAME);
  mkdirSync(join(folder, 'Applications'), { recursive: true });
  const tools = makeTools(options);

  const install = async (build: Build): Promise<void> => {
    const tree = await findApp(build);
    rmSync(app, { recursive: true, force: true });
    writeTree(tree, app);
  };
  await install(options.installed);
  return {
    macos,
    architecture,
    app,
    install,
    has: (name) => tools.has(name),
    run: async (name, args, { signal }) => {
      const tool = tools.get(name);
      if (tool === undefined) throw missing(name);
      if (signal?.aborted) throw cancelled();
      const result = await tool(args);
      trace({ kind: 'tool', text: shortCommand(folder, name, args, result) });
      return result;
    },
    installed: async () => readPlan(app),
    starts: (minimumOs) => startsOn(macos, minimumOs),
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** gktool is not there, as before macOS 14.4, nor is what only packages need. */
function makeTools({ folder, macos, architecture }: MacOptions): ReadonlyMap<ToolName, ToolDouble> {
  const images = new DiskImages(join(folder, 'Volumes'));
  return new Map<ToolName, ToolDouble>([
    ['hdiutil', (args) => images.run(args)],
    ['ditto', ditto],
    ['codesign', codesign],
    ['spctl', spctl],
    // No file of a build carries an attribute.
    ['xattr', () => answer('')],
    ['sync', () => answer('')],
    ['open', () => answer('')],
    ['ps', ps],
    ['arch', () => answer('')],
    ['sw_vers', (args) => swVers(macos, args)],
    ['sysctl', (args) => sysctl(architecture, args)],
  ]);
}

/** Makes a new folder of the old one's contents; what Apple's does with one that is there, nobody here asks for. */
function ditto(args: readonly string[]): ToolResult {
  const [from, to] = args;
  if (args.length !== 2 || from === undefined || to === undefined) return notUnderstood('ditto', args);
  try {
    writeTree(readTree(from), to);
    return answer('');
  } catch (error) {
    return failure(1, `ditto: ${error instanceof Error ? error.message : error}\n`);
  }
}

/** ps(1): a selection in which nothing runs is status 1. */
function ps(args: readonly string[]): ToolResult {
  return args.includes('-p') ? failure(1, '') : answer('');
}

function swVers(macos: string, args: readonly string[]): ToolResult {
  return args.join(' ') === '-productVersion' ? answer(`${macos}\n`) : notUnderstood('sw_vers', args);
}

/** An Intel Mac does not know the name. */
function sysctl(architecture: MacOptions['architecture'], args: readonly string[]): ToolResult {
  if (args.join(' ') !== '-n hw.optional.arm64') return notUnderstood('sysctl', args);
  return architecture === 'arm64' ? answer('1\n') : failure(1, "sysctl: unknown oid 'hw.optional.arm64'\n");
}

function missing(name: ToolName): UpdateError {
  return new UpdateError(
    'usage',
    `The Macs of the lab have no ${name}. Nothing was changed. What needs it cannot be tried in the lab.`,
    { details: { tool: name } },
  );
}

async function findApp(build: Build): Promise<FileTree> {
  const { tree } = await readImageContents(build.bytes);
  for (const entry of tree.entries) if (entry.kind === 'folder' && entry.name === APP_NAME) return entry.tree;
  throw new UpdateError('payload-not-found', `There is no ${APP_NAME} in the build ${build.plan.version}.`);
}

/** By what the file says: one build is installed on many Macs, and looked at before and after each check. */
const plans = new Map<string, BuildPlan>();

function readPlan(app: string): BuildPlan {
  const bytes = readFileSync(join(app, 'Contents', 'Info.plist'));
  const text = bytes.toString('latin1');
  const known = plans.get(text);
  if (known !== undefined) return known;
  const plan = planOfInfo(parsePropertyList(bytes, `The Info.plist of ${basename(app)}`));
  plans.set(text, plan);
  return plan;
}

/** What cannot be compared holds back nothing, as in LaunchServices [a guess about Apple]. */
function startsOn(macos: string, minimumOs: string): boolean {
  const [running, minimum] = [macos, minimumOs].map(parseMacosVersion);
  return running == null || minimum == null || isMacosAtLeast(running, minimum);
}
