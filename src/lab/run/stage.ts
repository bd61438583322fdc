import { CHANNELS, type Channel } from '../../config.ts';
import type { Build } from '../builds/build-plan.ts';
import { feedPaths } from '../clients/client.ts';
import { serveFeed } from '../feed.ts';
import type { LoggedRequest } from '../release-host/answer.ts';
import type { HostState, OfferedManifest } from '../scenario/scenario.ts';
import { type StagedHost, stageHost } from '../scenario/stage-host.ts';
import { writeManifest } from '../scenario/write-manifest.ts';
import { ELSEWHERE } from '../show-address.ts';
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
  #check = 0;
  #promised: Build | null = null;

  /** @param channel that the person follows */
  constructor(room: LabRoom, channel: Channel) {
    this.#room = room;
    this.#channel = channel;
    const { manifest, appcast } = feedPaths(channel);
    this.#feed = new Set([manifest, appcast]);
    this.#stopListening = room.host.onDownload(({ on, path }) => {
      if (on === 'manifest' && this.#feed.has(withoutQuery(path))) this.#staged?.feedServed(this.#check);
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
  }

  /** @param check counted from 1 for each manifest */
  beginCheck(check: number): void {
    this.#room.host.log.length = 0;
    this.#check = check;
    this.#staged?.checkBegins(check);
  }

  endCheck(): Traffic {
    this.#staged?.checkEnded(this.#check);
    const fetched = this.#room.host.log.filter((entry) => this.#isArtifact(entry));
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

  /** Bytes of a file that was found: behind a release's redirect, or on the double of another host. */
  #isArtifact({ on, path, status, bytes }: LoggedRequest): boolean {
    const isPlace =
      on === 'asset' ||
      (on === 'manifest' && path.startsWith(ELSEWHERE) && !this.#feed.has(withoutQuery(path)));
    return isPlace && (status === 200 || status === 206) && bytes > 0;
  }
}

function withoutQuery(path: string): string {
  return path.replace(/\?.*$/s, '');
}
