import type { FailureView, WindowModel } from '../electron/window-contract.ts';
import { failureTopic, REMEDIES, type Remedy } from '../texts/failure-topic.ts';
import type { Wording } from '../texts/texts.ts';
import { type ActionName, actionsWithDefault } from './actions.ts';
import { makeScreen } from './make-screen.ts';
import type { Screen } from './screen.ts';

/** The last is the default. */
const ACTIONS_BY_REMEDY: Readonly<Record<Remedy, readonly ActionName[]>> = {
  retry: ['copyReport', 'close', 'tryAgain'],
  wait: ['copyReport', 'checkAgain', 'close'],
  'move-to-applications': ['copyReport', 'close', 'move'],
  'allow-app-management': ['copyReport', 'tryAgain', 'openSettings'],
};

/** What happened, what it means, what to do; the updater's own words under Details. */
export function describeFailure(
  { code, message, version, at }: FailureView,
  { appName: app, currentVersion }: WindowModel,
  { texts, format }: Wording,
): Screen {
  const topic = failureTopic(code);
  const { title, meaning, advice } = texts.failures[topic]({ app });
  const date = format.dateAndTime(at);
  return makeScreen(`failed ${code} ${at}`, {
    symbol: 'problem',
    title,
    paragraphs: [meaning, advice],
    facts: version === null ? [] : [{ name: texts.facts.update, value: version }],
    details: {
      message,
      lines: [texts.details.code({ code }), ...(date === null ? [] : [texts.details.when({ date })])],
    },
    actions: actionsWithDefault(
      texts,
      { app, version: version ?? currentVersion },
      ACTIONS_BY_REMEDY[REMEDIES[topic]],
    ),
    announcement: { text: [title, meaning, advice].map(asSentence).join(' '), isUrgent: true },
  });
}

/** So that speech pauses after a heading too. */
function asSentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
