import type { Announcement, Screen } from './screen.ts';

type Parts = Pick<Screen, 'symbol' | 'title'> &
  Partial<Omit<Screen, 'announcement' | 'key'>> & {
    /** Where it is not the title that is said. */
    readonly announcement?: Announcement;
  };

/** A screen of what differs from an empty one. */
export function makeScreen(key: string, parts: Parts): Screen {
  return {
    key,
    badge: null,
    paragraphs: [],
    facts: [],
    progress: null,
    notes: null,
    details: null,
    actions: [],
    milestone: null,
    announcement: { text: parts.title, isUrgent: false },
    ...parts,
  };
}
