import type { OfferView, UpdateView, WindowModel } from '../electron/window-contract.ts';
import type { Wording } from '../texts/texts.ts';
import { actionsWithDefault, actionsWithoutDefault } from './actions.ts';
import { describeFailure } from './describe-failure.ts';
import { describeHold } from './describe-hold.ts';
import { makeScreen } from './make-screen.ts';
import type { Fact, NotesText, ProgressBar, Screen } from './screen.ts';

type ViewOf<Kind extends UpdateView['kind']> = Extract<UpdateView, { readonly kind: Kind }>;

/** Downloads are spoken of in these steps, not at each percent. */
const MILESTONES = [0.25, 0.5, 0.75] as const;

/** What the window shows of a model. Pure. */
export function describeView(model: WindowModel, wording: Wording): Screen {
  const { view, appName: app, currentVersion: current } = model;
  const { texts } = wording;
  switch (view.kind) {
    case 'idle':
      return makeScreen(view.kind, {
        symbol: 'arrow',
        title: texts.idle.title({ app }),
        paragraphs: [texts.idle.text({ app })],
        actions: actionsWithDefault(texts, { app, version: current }, ['close', 'check']),
      });
    case 'checking':
      return makeScreen(view.kind, {
        symbol: 'waiting',
        title: texts.checking.title,
        progress: { label: texts.checking.progress, fraction: null, spoken: null, details: [] },
        actions: actionsWithoutDefault(texts, { app, version: current }, ['close']),
      });
    case 'up-to-date':
      return makeScreen(view.kind, {
        symbol: 'done',
        title: texts.upToDate.title({ app }),
        paragraphs: [texts.upToDate.text({ version: current })],
        actions: actionsWithDefault(texts, { app, version: current }, ['checkAgain', 'close']),
      });
    case 'available':
      return describeAvailable(view, model, wording);
    case 'downloading':
      return describeDownload(view, model, wording);
    case 'verifying':
      return makeScreen(`${view.kind} ${view.offer.version}`, {
        ...ofOffer(view.offer, wording),
        symbol: 'shield',
        title: texts.verifying.title({ app, version: view.offer.version }),
        progress: {
          label: texts.verifying.progress,
          fraction: null,
          spoken: null,
          details: [texts.verifying.steps[view.step]],
        },
        actions: actionsWithoutDefault(texts, { app, version: view.offer.version }, ['cancel']),
      });
    case 'ready':
      return describeReady(view, model, wording);
    case 'installing':
      return makeScreen(`${view.kind} ${view.offer.version}`, {
        ...ofOffer(view.offer, wording),
        symbol: 'waiting',
        title: texts.installing.title({ app, version: view.offer.version }),
        paragraphs: [texts.installing.text({ app })],
        progress: { label: texts.installing.progress, fraction: null, spoken: null, details: [] },
      });
    case 'failed':
      return describeFailure(view.failure, model, wording);
    case 'held':
      return describeHold(view, model, wording);
    case 'managed':
      return makeScreen(view.kind, {
        symbol: 'hold',
        title: texts.managed.title,
        paragraphs: [texts.managed.text({ app }), texts.managed.advice],
        actions: actionsWithDefault(texts, { app, version: current }, ['close']),
      });
    case 'installed':
      return makeScreen(`${view.kind} ${view.offer.version}`, {
        ...ofOffer(view.offer, wording),
        symbol: 'done',
        badge: null,
        title: texts.installed.title({ app, version: view.offer.version }),
        paragraphs: [texts.installed.text({ from: view.from })],
        facts: [],
        actions: actionsWithDefault(texts, { app, version: view.offer.version }, ['done']),
      });
    case 'rolled-back':
      return describeRollback(view, model, wording);
  }
}

function describeAvailable(
  { kind, offer }: ViewOf<'available'>,
  { appName: app, currentVersion: current }: WindowModel,
  wording: Wording,
): Screen {
  const { texts, format } = wording;
  const { version, size, isCritical } = offer;
  const title = texts.available.title({ app, version });
  const text =
    size === null ? title : texts.available.announcement({ app, version, size: format.size(size) });
  return makeScreen(`${kind} ${version}`, {
    ...ofOffer(offer, wording),
    symbol: 'arrow',
    title,
    paragraphs: [...warningOf(offer, wording), texts.available.text({ current })],
    actions: actionsWithDefault(texts, { app, version }, [
      ...(isCritical ? [] : (['skip'] as const)),
      'later',
      'download',
    ]),
    announcement: { text, isUrgent: false },
  });
}

function describeDownload(
  { kind, offer, progress, isPaused }: ViewOf<'downloading'>,
  { appName: app }: WindowModel,
  wording: Wording,
): Screen {
  const { texts, format } = wording;
  const { version } = offer;
  const fraction = progress === null ? null : fractionOf(progress);
  const step = MILESTONES.findLast((milestone) => fraction !== null && fraction >= milestone);
  return makeScreen(`${kind} ${version} ${isPaused ? 'paused' : 'running'}`, {
    ...ofOffer(offer, wording),
    symbol: 'arrow',
    title: isPaused ? texts.downloading.paused({ app, version }) : texts.downloading.title({ app, version }),
    paragraphs: isPaused ? [texts.downloading.pausedText] : [],
    progress: describeProgress(progress, isPaused, wording),
    actions: actionsWithoutDefault(texts, { app, version }, ['cancel', isPaused ? 'resume' : 'pause']),
    milestone:
      step === undefined
        ? null
        : { step, text: texts.downloading.milestone({ percent: format.percent(step) }) },
  });
}

function describeProgress(
  progress: ViewOf<'downloading'>['progress'],
  isPaused: boolean,
  { texts, format }: Wording,
): ProgressBar {
  const label = texts.downloading.progress;
  if (progress === null) {
    const details = isPaused ? [] : [texts.downloading.waiting];
    return { label, fraction: isPaused ? 0 : null, spoken: null, details };
  }
  const fraction = fractionOf(progress);
  const amounts = { transferred: format.size(progress.transferred), total: format.size(progress.total) };
  const { bytesPerSecond, secondsLeft } = progress;
  const pace =
    isPaused || secondsLeft === null ? [] : [format.speed(bytesPerSecond), texts.timeLeft(secondsLeft)];
  return {
    label,
    fraction,
    spoken: texts.downloading.spoken({ percent: format.percent(fraction), ...amounts }),
    details: [texts.downloading.amount(amounts), ...pace],
  };
}

function fractionOf({
  transferred,
  total,
}: {
  readonly transferred: number;
  readonly total: number;
}): number {
  return total === 0 ? 0 : Math.min(1, transferred / total);
}

function describeReady(
  { kind, offer, needsAuthorization, installsOnQuit }: ViewOf<'ready'>,
  { appName: app }: WindowModel,
  wording: Wording,
): Screen {
  const { texts } = wording;
  const { version } = offer;
  const how = needsAuthorization
    ? [texts.ready.password({ app })]
    : [texts.ready.text({ app }), ...(installsOnQuit ? [texts.ready.onQuit({ app })] : [])];
  return makeScreen(`${kind} ${version}`, {
    ...ofOffer(offer, wording),
    symbol: 'done',
    title: texts.ready.title({ app, version }),
    paragraphs: [...warningOf(offer, wording), ...how],
    actions: actionsWithDefault(
      texts,
      { app, version },
      needsAuthorization ? ['later', 'authorize'] : ['onQuit', 'restart'],
    ),
  });
}

function describeRollback(
  { kind, from, to, reason }: ViewOf<'rolled-back'>,
  { appName: app }: WindowModel,
  { texts }: Wording,
): Screen {
  const change = { app, from, to };
  const isRefusedNow = reason === 'failed-starts' || reason === 'requested';
  const why = texts.rolledBack.reasons[reason](change);
  const title = texts.rolledBack.title(change);
  return makeScreen(`${kind} ${to}`, {
    symbol: 'back',
    title,
    paragraphs: [why, isRefusedNow ? texts.rolledBack.advice(change) : texts.rolledBack.retry],
    actions: actionsWithDefault(texts, { app, version: to }, ['copyReport', 'check', 'close']),
  });
}

function warningOf({ isCritical }: OfferView, { texts }: Wording): readonly string[] {
  return isCritical ? [texts.critical.text] : [];
}

function ofOffer(
  { version, size, releaseDate, isCritical, notes }: OfferView,
  { texts, format }: Wording,
): { readonly badge: string | null; readonly facts: readonly Fact[]; readonly notes: NotesText | null } {
  const released = releaseDate === null ? null : format.date(releaseDate);
  const facts = [
    { name: texts.facts.version, value: version },
    ...(size === null ? [] : [{ name: texts.facts.size, value: format.size(size) }]),
    ...(released === null ? [] : [{ name: texts.facts.released, value: released }]),
  ];
  return {
    badge: isCritical ? texts.critical.badge : null,
    facts,
    notes:
      notes === null || notes.trim() === ''
        ? null
        : { title: texts.notes.title({ version }), markdown: notes },
  };
}
