import { Marked } from 'marked';

/**
 * Characters looked through for the end of an emphasis or a quote. marked begins anew at every `*`, `_` and `>`, so that
 * a few kilobytes of `*a_*a_` would keep it busy for minutes; this much takes a second at most, and is more than notes need.
 */
const EFFORT = 10_000_000;

/** Of HTML in the notes, which a browser takes ever longer to mend the deeper it is nested. */
const MOST_TAGS = 1000;

/** Notes that nobody wrote for people to read. */
class TooMuchEffort extends Error {}

/** @returns HTML that is yet to be sanitised, or null for what is too deeply nested or too much effort to understand */
export function parseMarkdown(text: string): string | null {
  if (text.split('<').length > MOST_TAGS) return null;
  let left = EFFORT;
  const spend = (source: string): false => {
    if (/^[*_~>]/.test(source)) left -= source.length;
    if (left < 0) throw new TooMuchEffort();
    // Leaves the work to marked itself.
    return false;
  };
  const marked = new Marked({
    gfm: true,
    async: false,
    tokenizer: { emStrong: spend, del: spend, blockquote: spend },
  });
  try {
    return marked.parse(text, { async: false });
  } catch (error) {
    // marked recurses: deep nesting ends the stack.
    if (error instanceof TooMuchEffort || error instanceof RangeError) return null;
    throw error;
  }
}
