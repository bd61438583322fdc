/** What a response of the release host does wrong. `after` and `at` count bytes of that response's body. */
export type FaultKind =
  | { readonly kind: 'cut'; readonly after: number }
  | { readonly kind: 'stall'; readonly after: number }
  /** Accepts the request and never answers. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'trickle'; readonly bytesPerSecond: number }
  /** Goes on sending after the last byte, without a length. */
  | { readonly kind: 'endless' }
  /** Content-Length says `length`; 'absent' sends chunks. The body itself stays whole. */
  | { readonly kind: 'length'; readonly length: number | 'absent' }
  /** A fixed ETag, or one made from the number of the request, or none. */
  | { readonly kind: 'etag'; readonly etag: string | null | ((request: number) => string | null) }
  | { readonly kind: 'ignore-range' }
  /** Sends 206 from this byte on, whatever was asked for. */
  | { readonly kind: 'other-range'; readonly start: number }
  | { readonly kind: 'other-total'; readonly total: number | '*' }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'redirect-loop' }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'gzip' }
  /** Inverts one byte of the file. */
  | { readonly kind: 'flip'; readonly at: number }
  /** API and uploads: takes effect, then answers this status. */
  | { readonly kind: 'after-effect'; readonly status: number }
  /** API and uploads: takes effect, then the connection is cut without an answer. */
  | { readonly kind: 'lost' }
  /** Uploads: the connection is reset once more than so many bytes have come; the asset stays `starter`. */
  | { readonly kind: 'reset'; readonly after: number }
  /** API: this answer says `digest: null`. Uploads: the asset's digest is null for good. */
  | { readonly kind: 'null-digest' }
  /** API: so much time between the request and its effect, whether the client waits or not. Uploads: before the body. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** API: what is read is as it was before the last change, as GitHub's lists are for a while (cli/cli#6599). */
  | { readonly kind: 'stale' }
  /** API: a tag is published though it is already. GitHub has let that pass at the same moment (kernalix7/winpodx#117). */
  | { readonly kind: 'unguarded' };

/** The release's own address, the signed one behind the redirect, a manifest, the API, or its host for uploads. */
export type FaultPlace = 'release' | 'asset' | 'manifest' | 'api' | 'upload';

export interface Fault {
  /** Where it happens; the signed address unless said otherwise. */
  readonly on?: FaultPlace;
  /** Only for this tag; API calls have none. */
  readonly tag?: string;
  /** Only for this file name, or manifest path; API calls have none. */
  readonly file?: string;
  /** Only for this method, in capitals. */
  readonly method?: string;
  /** Only where the path, without its query, matches. */
  readonly path?: RegExp;
  /** How many requests it meets; without it, all. */
  readonly times?: number;
  /** How many matching requests pass first. */
  readonly skip?: number;
  readonly fault: FaultKind;
}

export type FaultOf<Kind extends FaultKind['kind']> = Extract<FaultKind, { kind: Kind }>;

export interface FaultTarget {
  readonly on: FaultPlace;
  readonly tag: string | null;
  readonly file: string | null;
  readonly method: string;
  readonly path: string;
}

/** The faults that are in force, each with how often it has been met. */
export class FaultBook {
  readonly #entries: { readonly rule: Fault; met: number }[] = [];

  /** Adds a fault; the returned function takes it away again. */
  add(rule: Fault): () => void {
    const entry = { rule, met: 0 };
    this.#entries.push(entry);
    return () => {
      const index = this.#entries.indexOf(entry);
      if (index >= 0) this.#entries.splice(index, 1);
    };
  }

  clear(): void {
    this.#entries.length = 0;
  }

  /** The faults that one request meets. Counts it. */
  meet(target: FaultTarget): MetFaults {
    const met: FaultKind[] = [];
    for (const entry of this.#entries) {
      const { times = Number.POSITIVE_INFINITY, skip = 0, fault } = entry.rule;
      if (!isMeant(entry.rule, target)) continue;
      entry.met += 1;
      if (entry.met > skip && entry.met <= skip + times) met.push(fault);
    }
    return new MetFaults(met);
  }
}

function isMeant({ on = 'asset', tag, file, method, path }: Fault, target: FaultTarget): boolean {
  if (on !== target.on) return false;
  if (tag !== undefined && tag !== target.tag) return false;
  if (file !== undefined && file !== target.file) return false;
  if (method !== undefined && method !== target.method) return false;
  return path === undefined || target.path.search(path) >= 0;
}

export class MetFaults {
  readonly #faults: readonly FaultKind[];

  constructor(faults: readonly FaultKind[]) {
    this.#faults = faults;
  }

  get isEmpty(): boolean {
    return this.#faults.length === 0;
  }

  get<Kind extends FaultKind['kind']>(kind: Kind): FaultOf<Kind> | undefined {
    return this.#faults.find((fault): fault is FaultOf<Kind> => fault.kind === kind);
  }

  has(kind: FaultKind['kind']): boolean {
    return this.get(kind) !== undefined;
  }
}
