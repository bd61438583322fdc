import { createHash } from 'node:crypto';
import { CHANNELS, type Channel } from '../config.ts';
import { CHANNEL_FILES } from '../manifest/manifest-file.ts';
import { isFetchable } from './address.ts';
import { APPCAST_FILES } from './appcast.ts';
import { type Health, type HealthChannel, type HealthFinding, makeHealth } from './health.ts';
import { type Html, html } from './html.ts';
import { listArtifacts, listVersions } from './lists.ts';
import type { SiteInput, SiteOptions } from './site-input.ts';
import { STATUS_PAGE_STYLE } from './status-page-style.ts';

/** The one source of style that the page allows, for its content security policy. */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STATUS_PAGE_STYLE).digest('base64')}'`;

const SUMMARIES: Readonly<Record<Health['status'], string>> = {
  ok: 'Everything is well.',
  degraded: 'Something needs attention. What is good goes on being served.',
  unavailable: 'Nothing can be offered: clients find no update here.',
};

/**
 * The page at the site's root, for people: channels, versions, digests, rollout, findings. One file without scripts,
 * so that it works from any static host; the policy in its head is for hosts that send no headers of ours. Links are
 * relative, since the site also lies below `/updates/`. Depends on nothing but its arguments: no clock, no address.
 */
export function makeStatusPage(input: SiteInput, options: SiteOptions): string {
  const health = makeHealth(input, options);
  const policy = `default-src 'none'; style-src ${STYLE_SOURCE}; base-uri 'none'; form-action 'none'`;
  const product = options.owner.slice(options.owner.indexOf('/') + 1);
  // The style is written without the template: what is digested has to be there character by character.
  const [before = '', after = ''] = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${product} updates: ${health.status}</title>
<style>STYLE</style>
</head>
<body>
<main>
<h1>${product} updates</h1>
<p><strong class="${health.status}">${health.status}</strong> — ${SUMMARIES[health.status]}</p>
${describeProblems(health)}
<h2>Channels</h2>
<div class="cards">
${channelsOf(options).map((channel) => describeChannel(channel, health.channels[channel] ?? null, options))}
</div>
${describeVersions(input)}
${describeDownloads(input)}
${describeFindings(health)}
<h2>For machines</h2>
<p><a href="health">health</a>, <a href="api/versions">versions</a>, <a href="api/manifests">manifests</a>,
<a href="api/artifacts">artifacts</a>, all as JSON.</p>
</main>
</body>
</html>
`
    .toString()
    .split('STYLE</style>');
  return `${before}${STATUS_PAGE_STYLE}</style>${after}`;
}

function channelsOf({ isBetaOffered }: SiteOptions): readonly Channel[] {
  return CHANNELS.filter((channel) => channel === 'stable' || isBetaOffered);
}

function describeProblems({ problems }: Health): Html | null {
  if (problems.length === 0) return null;
  return html`<h2>What needs attention</h2>
<ul>
${problems.map((problem) => html`<li>${problem}</li>\n`)}</ul>
`;
}

function describeChannel(channel: Channel, offered: HealthChannel | null, options: SiteOptions): Html {
  const [manifest, appcast] = [CHANNEL_FILES[channel], APPCAST_FILES[channel]];
  if (offered === null) {
    return html`<section class="card">
<h3>${channel}</h3>
<p class="quiet">Nothing is offered.</p>
</section>
`;
  }
  const { version, build, artifact } = offered;
  const facts: readonly (readonly [string, Html | string] | null)[] = [
    build === null || build === version ? null : ['Build', build],
    ['Released', offered.releaseDate ?? 'no date given'],
    ['Rollout', `${offered.rollout} % of installations`],
    offered.critical ? ['Critical', 'yes: passes over skipped versions and the rollout'] : null,
    ['Verdict', html`<span class="${offered.verdict}">${offered.verdict}</span>`],
    ['Artifact', html`${linkTo(artifact.url, options)} (${artifact.type}, ${formatBytes(artifact.size)})`],
    ['Artifact’s sha256', html`<code>${artifact.sha256}</code>`],
    ['Manifest', html`<a href="${manifest}">${manifest}</a>, <a href="${appcast}">${appcast}</a>`],
    ['Manifest’s sha256', html`<code>${offered.manifest.sha256}</code>`],
  ];
  return html`<section class="card">
<h3>${channel}</h3>
<p class="version">${version}</p>
${offered.isLastGood ? html`<p class="degraded">The last good one: what lies in the folder now is refused.</p>` : null}
<dl>
${facts.map((fact) => (fact === null ? null : html`<dt>${fact[0]}</dt><dd>${fact[1]}</dd>\n`))}</dl>
</section>
`;
}

function describeVersions(input: SiteInput): Html | null {
  const { versions } = listVersions(input);
  if (versions.length === 0) return null;
  return html`<h2 id="versions">Versions</h2>
<table aria-labelledby="versions">
<thead><tr><th scope="col">Version</th><th scope="col">Released</th><th scope="col">Offered on</th><th scope="col">Manifests</th></tr></thead>
<tbody>
${versions.map(
  ({ version, releaseDate, currentOn, manifests }) => html`<tr><th scope="row">${version}</th>
<td>${releaseDate ?? 'no date given'}</td>
<td>${currentOn.length === 0 ? html`<span class="quiet">archive only</span>` : currentOn.join(', ')}</td>
<td>${manifests.map((path, index) => html`${index === 0 ? null : ', '}<a href="${path}">${path}</a>`)}</td></tr>
`,
)}</tbody>
</table>
`;
}

function describeDownloads(input: SiteInput): Html | null {
  const { downloads } = listArtifacts(input);
  if (downloads.length === 0) return null;
  return html`<h2 id="downloads">Downloads</h2>
<table aria-labelledby="downloads">
<thead><tr><th scope="col">File</th><th scope="col">Size</th><th scope="col">Version</th><th scope="col">sha256</th></tr></thead>
<tbody>
${downloads.map(
  ({ path, size, sha256, versions }) => html`<tr><th scope="row"><a href="${path}">${path}</a></th>
<td class="number">${formatBytes(size)}</td>
<td>${versions.length === 0 ? html`<span class="quiet">none that a manifest names</span>` : versions.join(', ')}</td>
<td>${sha256 === null ? html`<span class="quiet">being hashed</span>` : html`<code>${sha256}</code>`}</td></tr>
`,
)}</tbody>
</table>
`;
}

function describeFindings({ findings, history }: Health): Html {
  const all: readonly Pick<HealthFinding, 'code' | 'severity' | 'message' | 'file'>[] = findings;
  if (all.length === 0 && history.length === 0) {
    return html`<h2>Findings</h2>
<p class="quiet">None.</p>
`;
  }
  return html`<h2>Findings</h2>
<ul>
${all.map(({ file, code, severity, message }) => html`<li><strong class="${severity}">${severity}</strong> <code>${code}</code> in ${file}: ${message}</li>\n`)}${history.map(({ code, message, files }) => html`<li><strong>history</strong> <code>${code}</code> in ${files.join(', ')}: ${message}</li>\n`)}</ul>
`;
}

/** Only what a client may fetch is made a link; anything else is shown as it stands. */
function linkTo(url: string | null, options: SiteOptions): Html {
  if (url === null) return html`<span class="quiet">no URL</span>`;
  return isFetchable(url, options)
    ? html`<a href="${url}" rel="noreferrer">${url}</a>`
    : html`<code>${url}</code>`;
}

function formatBytes(bytes: number): string {
  return `${bytes.toLocaleString('en-US')} bytes`;
}
