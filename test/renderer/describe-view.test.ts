import { describe, expect, it } from 'vitest';
import { DECISION_REASONS } from '../../src/errors.ts';
import { describeView } from '../../src/renderer/describe-view.ts';
import { LANGUAGES } from '../../src/texts/language.ts';
import { wordingFor } from '../../src/texts/texts.ts';
import { downloading, held, makeModel, OFFER, VIEWS } from './sample-models.ts';

const english = wordingFor(['en-GB']);

describe('describeView', () => {
  it.each(LANGUAGES)(
    'has a title, something to say, and at most one default button, the last, in every state (%s)',
    (language) => {
      const wording = wordingFor([language]);
      for (const [name, view] of Object.entries(VIEWS)) {
        const { title, announcement, actions } = describeView(makeModel(view), wording);
        expect(title, name).toMatch(/\p{L}/u);
        expect(announcement.text, name).toMatch(/\p{L}/u);
        expect(announcement.isUrgent, name).toBe(view.kind === 'failed');
        const defaults = actions.filter(({ isDefault }) => isDefault);
        expect(defaults, name).toEqual(defaults.length === 0 ? [] : [actions.at(-1)]);
        expect(new Set(actions.map(({ id }) => id)).size, name).toBe(actions.length);
      }
    },
  );

  it('says why an update is held, each reason in its own words', () => {
    const titles = DECISION_REASONS.map(
      (reason) => describeView(makeModel(held(reason)), english).paragraphs[0],
    );
    expect(new Set(titles).size).toBe(DECISION_REASONS.length - 2);
  });

  it('names the macOS that is needed, where it is known', () => {
    const { paragraphs } = describeView(makeModel(held('os-too-old')), english);
    expect(paragraphs[0]).toContain('macOS 14.0 or later');
    const unknown = describeView(makeModel({ ...Object(held('os-too-old')), minimumOs: null }), english);
    expect(unknown.paragraphs[0]).not.toContain('null');
  });

  it('shows how a download gets on, never beyond its end, and says nothing of what is not known', () => {
    expect(describeView(makeModel(downloading(154_002_760)), english).progress).toMatchObject({
      fraction: 0.5,
      spoken: '50%, 154 MB of 308 MB',
      details: ['154 MB of 308 MB', '5.3 MB/s', 'About 30 seconds left'],
    });
    expect(describeView(makeModel(downloading(999_999_999)), english).progress?.fraction).toBe(1);
    expect(describeView(makeModel(downloading(154_002_760, true)), english).progress?.details).toEqual([
      '154 MB of 308 MB',
    ]);
    const empty = { transferred: 0, total: 0, bytesPerSecond: 0, secondsLeft: null };
    const view = { kind: 'downloading', offer: OFFER, progress: empty, isPaused: false } as const;
    expect(describeView(makeModel(view), english).progress).toMatchObject({ fraction: 0 });
  });

  it('leaves out what a manifest does not say, and dates that are none', () => {
    const offer = { ...OFFER, size: null, releaseDate: 'in spring', notes: ' \n' };
    const screen = describeView(makeModel({ kind: 'available', offer }), english);
    expect(screen.facts).toEqual([{ name: 'Version', value: '2.0.0.46' }]);
    expect(screen.notes).toBe(null);
    expect(screen.announcement.text).toBe(screen.title);
  });

  it('keeps the words of the updater for Details', () => {
    const { details, paragraphs } = describeView(
      makeModel(VIEWS['failed-damaged'] ?? { kind: 'idle' }),
      english,
    );
    expect(details?.message).toContain("The updater's own words");
    expect(details?.lines[0]).toBe('Code: sha256-mismatch');
    expect(paragraphs.join()).not.toContain("The updater's own words");
  });
});
