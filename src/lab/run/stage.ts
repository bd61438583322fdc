import { CHANNELS, type Channel } from '../../config.ts';
import type { Build } from '../builds/build-plan.ts';
import { findBuild } from '../builds/make-build.ts';
import { feedPaths } from '../clients/client.ts';
import { serveFeed } from '../feed.ts';
import { isArtifactAnswer } from '../is-artifact-answer.ts';
import type { HostedRelease } from '../release-host/hosted-release.ts';
import type { HostState, OfferedManifest } from '../scenario/scenario.ts';
import { type StagedHost, stageHost } from '../scenario/stage-host.ts';
import { writeManifest } from '../scenario/write-manifest.ts';
import type { Trace } from '../trace.ts';
import type { LabRoom } from './lab-room.ts';

/** What came over the network during one check. */
export interface Traffic {
  readonly downloads: number;
  readonly bytes: number;
}

/** What one person's feed says and what lies on the release host, while it changes. */
export class Stage {
  readonly #room: LabRoom;
  readonly #feed: ReadonlySet<string>;
  readonly #channel: Channel;
  readonly #stopListening: () => void;
  #staged: StagedHost | null = null;
  readonly #trace: Trace | null;
  #check = 0;
  #shown: ReadonlySet<string> = new Set();
  #promised: Build | null = null;

  /**
   * @param channel that the person follows
   * @param trace told of what lies on the host; null where nobody listens
   */
  constructor(room: LabRoom, channel: Channel, trace: Trace | null) {
    this.#room = room;
    this.#trace = trace;
    this.#channel = channel;
    const { manifest, appcast } = feedPaths(channel);
    this.#feed = new Set([manifest, appcast]);
    this.#stopListening = room.host.onDownload(({ on, path }) => {
      if (on !== 'manifest' || !this.#feed.has(withoutQuery(path))) return;
      this.#staged?.feedServed(this.#check);
      this.#tellReleases();
    });
  }

  /** What the person's feed promises at this moment; null where nobody could have it. */
  get promised(): Build | null {
    return this.#promised;
  }

  /** Offers a manifest. What lies on the host from earlier ones stays there; their faults do not. */
  offer(offered: OfferedManifest, state: HostState): void {
    const { host, sign } = this.#room;
    const { bytes, promised } = writeManifest(offered, { downloadBase: host.origin, sign });
    this.#staged = stageHost(host, state, offered, promised);
    serveFeed(host, { channel: offered.channel, bytes });
    if (offered.channel === this.#channel) this.#promised = promised;
    for (const { on, status } of state.faults) {
      const place = on === 'release' ? 'https://github.com' : 'https://release-assets.githubusercontent.com';
      this.#trace?.({ kind: 'host', text: `${place} answers every download with ${status}.` });
    }
    this.#tellReleases();
  }

  /** @param check counted from 1 for each manifest */
  beginCheck(check: number): void {
    this.#room.host.log.length = 0;
    this.#check = check;
  }

  endCheck(): Traffic {
    this.#staged?.checkEnded(this.#check);
    this.#tellReleases();
    const fetched = this.#room.host.log.filter(isArtifactAnswer);
    return { downloads: fetched.length, bytes: fetched.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** The host is empty again. */
  clear(): void {
    this.#stopListening();
    const { host } = this.#room;
    this.#staged?.clear();
    for (const channel of CHANNELS) {
      for (const path of Object.values(feedPaths(channel))) host.setManifest(path, null);
    }
    host.log.length = 0;
  }

  /** What has changed since it was last told. */
  #tellReleases(): void {
    if (this.#trace === null) return;
    const lines = this.#room.host.github.releases().map(describeRelease);
    for (const text of lines) if (!this.#shown.has(text)) this.#trace({ kind: 'host', text });
    this.#shown = new Set(lines);
  }
}

function withoutQuery(path: string): string {
  return path.replace(/\?.*$/s, '');
}

function describeRelease({ tag, assets }: HostedRelease): string {
  const files = assets.map(({ name, sha256 }) => {
    const plan = findBuild(sha256 ?? '')?.plan;
    const content = plan === undefined ? 'unknown bytes' : plan.kind === 'app' ? plan.version : 'a text file';
    return `${name} (${content}, sha256 ${(sha256 ?? '').slice(0, 8)})`;
  });
  return `${tag} holds ${files.length === 0 ? 'nothing' : files.join(', ')}.`;
}
