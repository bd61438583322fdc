import type { Wording } from '../texts/texts.ts';
import { actionsWithDefault } from './actions.ts';
import { makeScreen } from './make-screen.ts';
import type { Screen } from './screen.ts';

/** What is shown where the main process sent something that is no model: a fault of ours. */
export function describeTrouble({ texts }: Wording): Screen {
  const { title, meaning, advice } = texts.trouble;
  return makeScreen('trouble', {
    symbol: 'problem',
    title,
    paragraphs: [meaning, advice],
    actions: actionsWithDefault(texts, { app: '', version: '' }, ['copyReport', 'close']),
    announcement: { text: meaning, isUrgent: true },
  });
}
