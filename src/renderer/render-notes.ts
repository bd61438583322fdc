import DOMPurify from 'dompurify';
import { isHttpsAddress } from '../electron/window-schema.ts';
import { parseMarkdown } from './parse-markdown.ts';

/** Characters; longer notes are cut, since what is rendered here came from the network. */
const LONGEST_NOTES = 100_000;

export interface RenderedNotes {
  readonly content: DocumentFragment;
  readonly isCut: boolean;
}

/** Text and its structure. Nothing that loads, runs, looks different, or takes input. */
const ALLOWED_TAGS = [
  'p',
  'br',
  'hr',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'ul',
  'ol',
  'li',
  'strong',
  'em',
  'b',
  'i',
  'del',
  's',
  'code',
  'pre',
  'kbd',
  'blockquote',
  'a',
  'table',
  'thead',
  'tbody',
  'tr',
  'th',
  'td',
];

export interface NotesOptions {
  /** Level of the highest heading; the others follow it without gaps. */
  readonly topLevel: number;
  /** What is shown of a link's goal when it is pointed at. */
  readonly describeLink: (url: string) => string;
  /** How a table is called, which scrolls by itself. */
  readonly tableName: string;
}

/**
 * Release notes for the window: Markdown, with whatever HTML it has, made harmless. Links lead to https or are plain
 * text; whoever shows them hands their clicks to the main process.
 *
 * @param text from the network, as it came
 */
export function renderNotes(
  text: string,
  { topLevel, describeLink, tableName }: NotesOptions,
): RenderedNotes {
  const isCut = text.length > LONGEST_NOTES;
  const shown = text.slice(0, LONGEST_NOTES);
  const html = parseMarkdown(shown);
  if (html === null) return { content: asPlainText(shown), isCut };
  const content = DOMPurify.sanitize(html, {
    ALLOWED_TAGS,
    ALLOWED_ATTR: ['href'],
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    ALLOWED_NAMESPACES: ['http://www.w3.org/1999/xhtml'],
    ALLOWED_URI_REGEXP: /^https:\/\//i,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const link of content.querySelectorAll('a')) keepHttpsOnly(link, describeLink);
  levelHeadings(content, topLevel);
  for (const table of content.querySelectorAll('table')) makeScrollable(table, tableName);
  return { content, isCut };
}

function asPlainText(text: string): DocumentFragment {
  const content = document.createDocumentFragment();
  for (const block of text.split(/\n\s*\n/)) {
    const paragraph = document.createElement('p');
    paragraph.className = 'plain';
    paragraph.textContent = block;
    content.append(paragraph);
  }
  return content;
}

function keepHttpsOnly(link: HTMLAnchorElement, describeLink: (url: string) => string): void {
  const address = link.getAttribute('href') ?? '';
  if (!isHttpsAddress(address) || link.textContent.trim() === '') {
    link.replaceWith(...link.childNodes);
    return;
  }
  const { href } = new URL(address);
  link.setAttribute('href', href);
  link.setAttribute('title', describeLink(href));
}

/** The notes stand below a heading of ours, and a screen reader's outline must have no gaps. */
function levelHeadings(content: DocumentFragment, topLevel: number): void {
  const headings = [...content.querySelectorAll('h1, h2, h3, h4, h5, h6')];
  const depths = headings.map(({ tagName }) => Number(tagName.slice(1)));
  const highest = Math.min(...depths);
  let before = topLevel - 1;
  headings.forEach((heading, index) => {
    const wanted = topLevel + (depths[index] ?? highest) - highest;
    const level = Math.min(wanted, before + 1, 6);
    const renamed = document.createElement(`h${level}`);
    renamed.replaceChildren(...heading.childNodes);
    // An empty heading is a stop with nothing to hear.
    if (renamed.textContent.trim() === '') heading.remove();
    else {
      heading.replaceWith(renamed);
      before = level;
    }
  });
}

/** A wide table scrolls by itself, also by keyboard, rather than the whole window. */
function makeScrollable(table: HTMLTableElement, name: string): void {
  const frame = document.createElement('div');
  frame.className = 'scroller';
  frame.tabIndex = 0;
  frame.setAttribute('role', 'group');
  frame.setAttribute('aria-label', name);
  table.replaceWith(frame);
  frame.append(table);
}
