import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../macos-tools/lib/tool.ts';
import type { AppPlan } from './make-app.ts';
import {
  type Authority,
  type Identity,
  makeAuthority,
  makeIdentity,
  writeKeychain,
} from './make-identity.ts';
import { makeMac } from './make-mac.ts';
import { makePackage, type PackagePlan } from './make-package.ts';
import { makeNexy } from './update-world.ts';

/** The team that makes Nexy in tests. */
export const TEAM = 'NEXYTEAM01';

/**
 * A Mac in a folder, on which Nexy is installed from packages: its `--tools`, its /Applications, and a team of
 * developers whose certificates are good there.
 */
export class PackageWorld {
  readonly folder: string;
  /** Real path of what stands for /Applications. */
  readonly applications: string;
  /** Where Nexy is installed. */
  readonly target: string;
  readonly tools: string;
  readonly authority: Authority;
  readonly installer: Identity;
  readonly #application: { readonly name: string; readonly keychain: string };
  #made = 0;

  /**
   * @param folder real path of an existing folder, below the temporary one, where the `installer` double may write
   * @param machine what else differs on this Mac
   */
  constructor(folder: string, machine: Partial<Machine> = {}) {
    this.folder = folder;
    this.applications = join(folder, 'Applications');
    this.target = join(this.applications, 'Nexy.app');
    mkdirSync(this.applications);
    this.authority = makeAuthority();
    const plan = { team: TEAM, authority: this.authority };
    this.installer = makeIdentity({ ...plan, kind: 'installer' });
    const application = makeIdentity({ ...plan, kind: 'application' });
    const keychain = writeKeychain(join(folder, 'team.pem'), [application]);
    this.#application = { name: application.name, keychain };
    this.tools = makeMac(join(folder, 'tools'), { appleRoots: [this.authority.fingerprint], ...machine });
  }

  /** Makes an app of the team, notarized, somewhere in the folder. */
  makeApp(version: string, more: Partial<AppPlan> = {}): Promise<string> {
    this.#made += 1;
    return makeNexy(join(this.folder, `made ${this.#made}`), version, {
      sign: { identity: this.#application },
      isNotarized: true,
      tools: this.tools,
      ...more,
    });
  }

  /** Puts a copy of an app in place. */
  install(app: string): void {
    rmSync(this.target, { recursive: true, force: true });
    cpSync(app, this.target, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  }

  /** Makes a package that puts an app in place, signed by the team and notarized. */
  makePackage(app: string, more: Partial<PackagePlan> = {}): Promise<string> {
    this.#made += 1;
    return makePackage({
      app,
      output: join(this.folder, `Nexy ${this.#made}.pkg`),
      installLocation: this.applications,
      identity: this.installer,
      isNotarized: true,
      ...more,
    });
  }

  /** The same, signed by nobody. */
  makeUnsignedPackage(app: string, more: Omit<Partial<PackagePlan>, 'identity'> = {}): Promise<string> {
    this.#made += 1;
    const output = join(this.folder, `Nexy ${this.#made}.pkg`);
    return makePackage({ app, output, installLocation: this.applications, ...more });
  }
}
