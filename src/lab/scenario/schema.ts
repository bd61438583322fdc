import * as v from 'valibot';
import { CHANNELS } from '../../config.ts';

/**
 * The data files of the lab (`resources/lab`): offers, hosts, clients and scenarios. docs/MIGRATION.md tells how to
 * write one; `scripts/write-lab-schemas.ts` makes the JSON Schemas that editors check them with.
 */

/** A mapping with no other keys than these: a mistyped one would silently stand for its default. */
function mapping<const Entries extends v.ObjectEntries>(entries: Entries) {
  const keys = Object.keys(entries).filter((key) => key !== '$schema');
  return v.strictObject(entries, ({ expected, received }) => {
    if (expected === 'never') return `is no key that is known here. There are ${keys.join(', ')}`;
    return received === 'undefined' ? 'is missing' : `must be a mapping with keys of ${keys.join(', ')}`;
  });
}

const title = v.pipe(
  v.string(),
  v.minLength(1),
  v.description('One line, for tables and headings: what this is, without a full stop.'),
);
const description = v.pipe(
  v.optional(v.string(), ''),
  v.description('What it stands for, in a sentence or two.'),
);

const build = v.pipe(
  mapping({
    kind: v.pipe(
      v.optional(v.picklist(['app', 'text']), 'app'),
      v.description('A disk image with an app, or the 33-byte text file that manifests once offered.'),
    ),
    version: v.pipe(v.string(), v.description('CFBundleShortVersionString of the app inside.')),
    bundleVersion: v.pipe(
      v.optional(v.string()),
      v.description(
        'CFBundleVersion; the version unless said otherwise. Whole numbers are what the oldest client compares.',
      ),
    ),
    minimumOs: v.pipe(
      v.optional(v.string(), '11.0'),
      v.description('LSMinimumSystemVersion of the app inside.'),
    ),
    label: v.pipe(
      v.optional(v.string(), ''),
      v.description('Another label gives other bytes of the same version.'),
    ),
    updater: v.pipe(
      v.optional(v.picklist(['same', 'ours']), 'same'),
      v.description('The updater inside: that of the client which installs it, or ours.'),
    ),
  }),
  v.description('What the bytes hold.'),
);

const manifest = v.pipe(
  mapping({
    version: v.pipe(v.string(), v.description('The version that is offered.')),
    channel: v.pipe(
      v.optional(v.picklist(CHANNELS), 'stable'),
      v.description('Whose feed serves it. The manifest does not say so, unless it is told to.'),
    ),
    date: v.pipe(v.optional(v.string(), '2026-03-12T00:00:00Z'), v.description('release_date.')),
    build: v.pipe(
      v.optional(build),
      v.description('What the promised bytes hold; an honest build of the version unless said.'),
    ),
    buildNumber: v.pipe(
      v.optional(v.union([v.string(), v.pipe(v.number(), v.safeInteger())])),
      v.description('The key "build"; the version unless said. A number is what the oldest client compares.'),
    ),
    url: v.pipe(
      v.optional(
        v.union([v.picklist(['version-tag', 'fixed-tag', 'none']), mapping({ address: v.string() })]),
        'version-tag',
      ),
      v.description('Where the manifest says that the bytes are.'),
    ),
    form: v.pipe(
      v.optional(v.picklist(['legacy', 'schema-2'])),
      v.description(
        'schema-2: as nexy-release writes it, with a version tag and the build number of the app inside. The form of the old scripts unless said.',
      ),
    ),
    changes: v.pipe(
      v.optional(v.record(v.string(), v.unknown()), {}),
      v.description(
        'Merged into the manifest last (RFC 7396: null takes a key away). artifact.ed25519: "valid" becomes a signature by the key that clients know.',
      ),
    ),
    text: v.pipe(
      v.optional(v.string()),
      v.description('Served exactly as it is, in place of all of the above.'),
    ),
    checks: v.pipe(
      v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(24)), 3),
      v.description('How many hourly checks a client makes while this is offered.'),
    ),
  }),
  v.description('One manifest, while it is offered.'),
);

export const OFFER_SCHEMA = v.pipe(
  mapping({
    $schema: v.optional(v.string()),
    title,
    description,
    shows: v.pipe(
      v.optional(v.string()),
      v.description('The code of the finding, drift or refusal that this is an example of.'),
    ),
    manifests: v.pipe(
      v.array(manifest),
      v.minLength(1),
      v.description('What the feed says, one after the other.'),
    ),
  }),
  v.description('What the manifest feed offers.'),
);

const holds = v.pipe(
  v.union([v.picklist(['promised', 'nothing']), build]),
  v.description('The bytes that the current manifest promises, no file at all, or another build.'),
);
const tag = v.pipe(
  v.union([
    v.picklist(['fixed', 'version', 'other-fixed', 'named']),
    mapping({
      name: v.pipe(v.string(), v.minLength(1)),
      owner: v.pipe(
        v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/))),
        v.description('owner/repository; the production owner unless said.'),
      ),
    }),
  ]),
  v.description(
    "The channel's fixed tag, the manifest's version tag, the other channel's fixed tag, the tag that the manifest's own address names, or any by its name.",
  ),
);

export const HOST_SCHEMA = v.pipe(
  mapping({
    $schema: v.optional(v.string()),
    title,
    description,
    publishes: v.pipe(
      v.array(v.picklist(['fixed', 'version'])),
      v.minLength(1),
      v.description('Where this team puts a release. Tells whether a client could ever get the next one.'),
    ),
    releases: v.pipe(
      v.optional(v.array(mapping({ tag, holds })), []),
      v.description('What lies there when a manifest begins to be offered. What lay there before stays.'),
    ),
    events: v.pipe(
      v.optional(
        v.array(
          mapping({
            after: v.pipe(
              v.picklist(['feed', 'check']),
              v.description('Once the feed was read during that check, or once the check has ended.'),
            ),
            check: v.pipe(
              v.number(),
              v.integer(),
              v.minValue(1),
              v.description('Counted from 1 for each manifest.'),
            ),
            tag,
            holds,
          }),
        ),
        [],
      ),
      v.description('What changes meanwhile.'),
    ),
    faults: v.pipe(
      v.optional(
        v.array(
          mapping({
            on: v.pipe(
              v.picklist(['release', 'asset']),
              v.description('The address on github.com, or the host that it redirects to.'),
            ),
            status: v.pipe(
              v.number(),
              v.integer(),
              v.minValue(400),
              v.maxValue(599),
              v.description('HTTP status of every answer.'),
            ),
          }),
        ),
        [],
      ),
      v.description('What does not work.'),
    ),
  }),
  v.description('The state of the release host.'),
);

const installed = mapping({
  version: v.pipe(v.string(), v.description('CFBundleShortVersionString of the installed app.')),
  bundleVersion: v.pipe(
    v.optional(v.string()),
    v.description('CFBundleVersion; the version unless said otherwise.'),
  ),
});
const MACOS = /^[0-9]+(\.[0-9]+){0,2}$/;
const mac = {
  macos: v.pipe(v.string(), v.regex(MACOS), v.description('The version of macOS, e.g. 15.5.')),
  architecture: v.optional(v.picklist(['arm64', 'x86_64']), 'arm64'),
  installed,
};

export const CLIENT_SCHEMA = v.pipe(
  v.variant('model', [
    mapping({ $schema: v.optional(v.string()), title, description, model: v.literal('ours'), ...mac }),
    mapping({
      $schema: v.optional(v.string()),
      title,
      description,
      model: v.literal('manifest'),
      ...mac,
      compares: v.pipe(
        v.picklist(['integer-build', 'version']),
        v.description('How it tells that something newer is offered.'),
      ),
      downloads: v.pipe(
        v.union([v.literal('artifact-url'), mapping({ address: v.string() })]),
        v.description('From the address in the manifest, or from one that is built in.'),
      ),
      verifies: v.pipe(
        v.array(v.picklist(['size', 'sha256', 'ed25519'])),
        v.description('What it compares after the download, in this order, where the manifest has it.'),
      ),
      hasKey: v.pipe(
        v.optional(v.boolean(), false),
        v.description('Whether it knows a key to check ed25519 with; without one that is passed over.'),
      ),
    }),
    mapping({
      $schema: v.optional(v.string()),
      title,
      description,
      model: v.literal('appcast'),
      ...mac,
    }),
  ]),
  v.description('A person: a Mac, the installed app, and the updater in it.'),
);

export const SCENARIO_SCHEMA = v.pipe(
  mapping({
    $schema: v.optional(v.string()),
    title,
    description,
    offer: v.union([v.string(), OFFER_SCHEMA]),
    host: v.union([v.string(), HOST_SCHEMA]),
  }),
  v.description(
    'One offer on one state of the release host; each by the name of its file, or written out here.',
  ),
);

export type BuildData = v.InferOutput<typeof build>;
export type ManifestData = v.InferOutput<typeof manifest>;
export type OfferData = v.InferOutput<typeof OFFER_SCHEMA>;
export type HostData = v.InferOutput<typeof HOST_SCHEMA>;
export type Holds = v.InferOutput<typeof holds>;
export type TagData = v.InferOutput<typeof tag>;
export type ClientData = v.InferOutput<typeof CLIENT_SCHEMA>;
export type ScenarioData = v.InferOutput<typeof SCENARIO_SCHEMA>;
