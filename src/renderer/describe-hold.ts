import type { UpdateView, WindowModel } from '../electron/window-contract.ts';
import type { DecisionReason } from '../errors.ts';
import type { Texts } from '../texts/english.ts';
import type { FailureText } from '../texts/failure-text.ts';
import type { Wording } from '../texts/texts.ts';
import { type ActionName, actionsWithDefault } from './actions.ts';
import { makeScreen } from './make-screen.ts';
import type { Screen } from './screen.ts';

type Hold = Extract<UpdateView, { readonly kind: 'held' }>;

/** The last is the default. */
const ACTIONS_BY_REASON: Readonly<Record<DecisionReason, readonly ActionName[]>> = {
  'manifest-rejected': ['copyReport', 'checkAgain', 'close'],
  'up-to-date': ['checkAgain', 'close'],
  older: ['checkAgain', 'close'],
  'os-too-old': ['checkAgain', 'close'],
  'arch-unsupported': ['checkAgain', 'close'],
  'artifact-refused-before': ['copyReport', 'checkAgain', 'close'],
  'read-only-volume': ['close', 'move'],
  translocated: ['close', 'move'],
  'skipped-by-user': ['checkAgain', 'close'],
  rollout: ['close', 'checkNow'],
  newer: ['checkAgain', 'close'],
};

/** Why an update that exists is not installed, and what would change that. */
export function describeHold(hold: Hold, model: WindowModel, { texts }: Wording): Screen {
  const { appName: app } = model;
  const { reason, version, message } = hold;
  const { title, meaning, advice } = explain(hold, model, texts);
  return makeScreen(`held ${reason} ${version}`, {
    symbol: 'hold',
    title,
    paragraphs: [meaning, advice],
    details: { message, lines: [texts.details.code({ code: reason })] },
    actions: actionsWithDefault(texts, { app, version }, ACTIONS_BY_REASON[reason]),
  });
}

function explain(
  { reason, version, minimumOs }: Hold,
  { appName: app, currentVersion: current }: WindowModel,
  { held, failures }: Texts,
): FailureText {
  const names = { app, version };
  switch (reason) {
    case 'manifest-rejected':
      return failures['bad-offer'](names);
    case 'read-only-volume':
    case 'translocated':
      return failures[reason](names);
    case 'os-too-old':
      return {
        ...held[reason],
        title: held[reason].title(names),
        meaning: held[reason].meaning({ minimumOs }),
      };
    case 'arch-unsupported':
    case 'artifact-refused-before':
    case 'skipped-by-user':
    case 'rollout':
      return { ...held[reason], title: held[reason].title(names) };
    case 'older':
    case 'up-to-date':
    case 'newer':
      return { ...held.other, title: held.other.title(names), meaning: held.other.meaning({ current }) };
  }
}
