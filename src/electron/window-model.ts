import type { Channel } from '../config.ts';
import type { LastInstall } from '../install/last-install.ts';
import type { UpdaterState } from '../state.ts';
import type { OfferView, ProgressView, QaModel, UpdateView, WindowModel } from './window-contract.ts';

/** What the model needs besides the updater's state. */
export interface ModelFacts {
  readonly appName: string;
  readonly currentVersion: string;
  readonly channel: Channel;
  /** ISO 8601; null for never. */
  readonly lastCheckedAt: string | null;
  readonly managed: WindowModel['managed'];
  readonly languages: readonly string[];
  /** Of the last check that found a version, whatever was decided about it. */
  readonly offer: OfferView | null;
  /** The macOS that the offer needs, where it says so. */
  readonly minimumOs: string | null;
  /** The version whose download or install failed; null for a check that failed. */
  readonly failedVersion: string | null;
  /** What the updater was in before a check that goes on. */
  readonly before: UpdaterState;
  /** Why a restart came to nothing that a person asked for; the update is ready as before. */
  readonly refusal: { readonly code: string; readonly message: string } | null;
  /** What is ready is installed on quit, unless an administrator is needed. */
  readonly installsOnQuit: boolean;
  /** How far a download was that a person paused; undefined where none is paused. */
  readonly paused: ProgressView | null | undefined;
  /** When the state became what it is, ISO 8601. */
  readonly since: string;
  /** What became of the last install, as long as it is news. */
  readonly news: LastInstall | null;
  /** LATEST_CHANGES.md of the running version, where it was kept. */
  readonly newsNotes: string | null;
  readonly qa: QaModel | null;
}

/** What the window shows. Pure. */
export function makeWindowModel(state: UpdaterState, facts: ModelFacts): WindowModel {
  const { appName, currentVersion, channel, lastCheckedAt, managed, languages, qa } = facts;
  const view = makeView(state, facts);
  return { view, appName, currentVersion, channel, lastCheckedAt, managed, languages, qa };
}

function makeView(state: UpdaterState, facts: ModelFacts): UpdateView {
  if (facts.managed.updatesOff) return { kind: 'managed' };
  if (facts.news !== null && isQuiet(state)) return describeNews(facts.news, facts);
  switch (state.kind) {
    case 'idle':
    case 'rolling-back':
      return { kind: 'idle' };
    case 'checking':
      // A check that nobody asked for changes nothing that somebody looks at, until it has found something.
      if (state.isManual || facts.before.kind === 'idle' || facts.before.kind === 'checking')
        return { kind: 'checking' };
      return makeView(facts.before, facts);
    case 'not-available':
      return describeRefusal(state, facts);
    case 'available': {
      const offer = offerOf(state.version, facts);
      if (facts.paused === undefined) return { kind: 'available', offer };
      return { kind: 'downloading', offer, progress: facts.paused, isPaused: true };
    }
    case 'downloading': {
      const offer = offerOf(state.version, facts);
      return { kind: 'downloading', offer, progress: state.progress, isPaused: false };
    }
    case 'preparing':
      return { kind: 'verifying', offer: offerOf(state.version, facts), step: state.step };
    case 'ready': {
      const { version, needsAuthorization } = state;
      if (facts.refusal !== null)
        return { kind: 'failed', failure: { ...facts.refusal, version, at: facts.since } };
      const installsOnQuit = facts.installsOnQuit && !needsAuthorization;
      return { kind: 'ready', offer: offerOf(version, facts), needsAuthorization, installsOnQuit };
    }
    case 'authorizing':
    case 'quitting':
    case 'installing':
      return { kind: 'installing', offer: offerOf(state.version, facts) };
    case 'installed':
      return { kind: 'installing', offer: offerOf(state.to, facts) };
    case 'failed': {
      const { code, message } = state.error;
      return { kind: 'failed', failure: { code, message, version: facts.failedVersion, at: facts.since } };
    }
    case 'rolled-back':
      // An outcome names where it came from; people are told which version is there again.
      return { kind: 'rolled-back', from: state.to, to: state.from, reason: 'requested' };
  }
}

/** Nothing goes on that matters more than what happened before the start. */
function isQuiet({ kind }: UpdaterState): boolean {
  return kind === 'idle' || kind === 'checking' || kind === 'not-available';
}

function describeNews(news: LastInstall, { newsNotes }: ModelFacts): UpdateView {
  const { from, to, at, message } = news;
  switch (news.outcome) {
    case 'installed': {
      const offer = { version: to, size: null, releaseDate: null, isCritical: false, notes: newsNotes };
      return { kind: 'installed', from, offer };
    }
    case 'rolled-back':
      return { kind: 'rolled-back', from, to, reason: news.reason };
    case 'failed':
      return { kind: 'failed', failure: { code: news.code, message, version: to, at } };
  }
}

function describeRefusal(
  { decision }: Extract<UpdaterState, { kind: 'not-available' }>,
  facts: ModelFacts,
): UpdateView {
  const { action, reason, message } = decision;
  const version = facts.offer?.version ?? null;
  if (action === 'none') return { kind: 'up-to-date' };
  if (action === 'reject')
    return { kind: 'failed', failure: { code: reason, message, version, at: facts.since } };
  return { kind: 'held', reason, message, version: version ?? '', minimumOs: facts.minimumOs };
}

/** A step may be told of before the check that led to it has given its answer. */
function offerOf(version: string, { offer }: ModelFacts): OfferView {
  if (offer?.version === version) return offer;
  return { version, size: null, releaseDate: null, isCritical: false, notes: null };
}
