import type { ToolRunner } from '../../install/tools.ts';
import type { Build, BuildPlan } from '../builds/build-plan.ts';

/** A Mac of the lab: a folder with an installed app, and Apple's tools answered within this process. */
export interface LabMac extends ToolRunner {
  /** E.g. `15.5`. */
  readonly macos: string;
  readonly architecture: 'arm64' | 'x86_64';
  /** Path of the installed app, `<folder>/Applications/Nexy.app`. */
  readonly app: string;
  /** What is installed, read from the app's own Info.plist. */
  installed(): Promise<BuildPlan>;
  /** Puts an app in place as a person would by hand: what was there goes. */
  install(build: Build): Promise<void>;
  /** Whether an app that needs this macOS starts here. */
  starts(minimumOs: string): boolean;
  close(): Promise<void>;
}
