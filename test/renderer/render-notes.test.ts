import { join } from 'node:path';
import { build } from 'esbuild';
import fc from 'fast-check';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RenderedNotes } from '../../src/renderer/render-notes.ts';
import { HAS_CHROMIUM, useWindows } from './open-window.ts';
import { makeModel, OFFER } from './sample-models.ts';

declare global {
  interface Window {
    readonly Notes: typeof import('../../src/renderer/render-notes.ts');
    /** Set by whatever got to run. */
    hacked?: unknown;
  }
}

const windows = useWindows();

/** What the tests see of rendered notes. */
interface Looked {
  readonly html: string;
  readonly text: string;
  readonly isCut: boolean;
  /** Elements and attributes that have no business there. */
  readonly forbidden: readonly string[];
}

const HOSTILE = [
  '<script>window.hacked=1</script>',
  '<img src="https://evil.example/x.png" onerror="window.hacked=1">',
  '![pixel](https://evil.example/pixel.gif)',
  '![x](x "onerror=window.hacked=1")',
  '<svg onload="window.hacked=1"><a xlink:href="javascript:window.hacked=1"><text>x</text></a></svg>',
  '<svg><style><img src=x onerror=window.hacked=1></style></svg>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.hacked=1&gt;">',
  '<noscript><p title="</noscript><img src=x onerror=window.hacked=1>">',
  '<form id=x action="https://evil.example"><input name=attributes><button formaction="javascript:window.hacked=1">b</button></form>',
  '<iframe src="https://evil.example" srcdoc="<script>parent.hacked=1</script>"></iframe>',
  '<object data="https://evil.example/x"></object><embed src="https://evil.example/x">',
  '<link rel=stylesheet href="https://evil.example/x.css"><style>@import "https://evil.example/y.css";</style>',
  '<p style="background:url(https://evil.example/z.png)" class="actions" id="channel" data-action="restart">p</p>',
  '<base href="https://evil.example/"><meta http-equiv=refresh content="0;url=https://evil.example">',
  '<a href="javascript:window.hacked=1">a</a>',
  '<a href="java\nscript:window.hacked=1">a</a>',
  '<a href="http://example.com/">plain http</a>',
  '<a href="//evil.example/">no scheme</a>',
  '<a href="https://user:word@evil.example/">with a password</a>',
  '<a href="https://example.com/" target="_blank" ping="https://evil.example" onclick="window.hacked=1" download>a</a>',
  '<a href="file:///etc/passwd">f</a><a href="data:text/html,<script>1</script>">d</a><a href="nexy://check-updates">n</a>',
  '[j](javascript:window.hacked=1)',
  '[j](JaVaScRiPt&#58;window.hacked=1)',
  '[v](vbscript:x "title")',
  '[ok](https://example.com/path?q=1)',
  '<https://example.com/auto>',
  '<javascript:alert(1)>',
  '[ref]: javascript:window.hacked=1\n\n[ref]',
  '<video src="https://evil.example/v.mp4" poster="https://evil.example/p.png" autoplay></video><audio src="https://evil.example/a.mp3">',
  '<details open ontoggle="window.hacked=1"><summary>s</summary></details>',
  '<h1 id=notes-title onmouseover=window.hacked=1>heading</h1>',
  '<template><script>window.hacked=1</script></template>',
  '<x-element onclick=window.hacked=1 is=y>custom</x-element>',
  '<button autofocus onfocus=window.hacked=1>focus</button><input autofocus onfocus=window.hacked=1>',
  '<body onload=window.hacked=1><html onclick=window.hacked=1>',
  '<div role=alert aria-live=assertive tabindex=1 accesskey=x contenteditable>div</div>',
  '- [ ] task\n- [x] done',
  '| a | b |\n| - | - |\n| <img src=x onerror=window.hacked=1> | `<script>` |',
  '```html"onmouseover="window.hacked=1\n<script>window.hacked=1</script>\n```',
  '&lt;script&gt;window.hacked=1&lt;/script&gt;',
  '<!--><img src=x onerror=window.hacked=1>-->',
  '<p title="\u0000"><\u0000script>window.hacked=1</script>',
];

const PIECE = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...HOSTILE) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '`',
      '</',
      '<!--',
      '-->',
      ']]>',
      '<![CDATA[',
      '&',
      '](',
      '[',
      '\n',
      '\n\n',
      '    ',
      '> ',
      '# ',
      '###### ',
      '- ',
      '| ',
      '<p>',
      '</p>',
      '<table>',
      '<svg>',
      '<math>',
      '</style>',
      '<style>',
      '<title>',
      '<textarea>',
      '<xmp>',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
);
/** Hostile pieces after and inside one another, some of them cut off in the middle. */
const DOCUMENT = fc
  .array(fc.tuple(PIECE, fc.nat({ max: 60 })), { minLength: 1, maxLength: 8 })
  .map((pieces) => pieces.map(([piece, cut]) => (cut < 10 ? piece.slice(0, -cut) : piece)).join(''));

function render(page: Page, documents: readonly string[]): Promise<readonly Looked[]> {
  return page.evaluate(async (texts) => {
    const allowed =
      /^(P|BR|HR|H[3-6]|UL|OL|LI|STRONG|EM|B|I|DEL|S|CODE|PRE|KBD|BLOCKQUOTE|A|TABLE|THEAD|TBODY|TR|TH|TD)$/;
    const isOwnFrame = (element: Element): boolean =>
      element.outerHTML.startsWith(
        '<div class="scroller" tabindex="0" role="group" aria-label="Table"><table>',
      );
    const judge = (element: Element): readonly string[] => {
      if (isOwnFrame(element)) return [];
      const names = element.getAttributeNames();
      if (!allowed.test(element.tagName) || element.namespaceURI !== 'http://www.w3.org/1999/xhtml') {
        return [element.tagName];
      }
      if (!(element instanceof HTMLAnchorElement)) return names.map((name) => `${element.tagName} ${name}`);
      const { protocol, username, password } = new URL(element.href);
      const isGood = protocol === 'https:' && username === '' && password === '';
      return isGood && names.toSorted().join() === 'href,title' ? [] : [element.outerHTML];
    };
    const looked = texts.map((text) => {
      const rendered: RenderedNotes = window.Notes.renderNotes(text, {
        topLevel: 3,
        describeLink: (url) => `Opens ${url}`,
        tableName: 'Table',
      });
      const place = document.createElement('div');
      place.append(rendered.content);
      // In the page, where everything that could run or load would.
      document.body.append(place);
      const forbidden = [...place.querySelectorAll('*')].flatMap(judge);
      return { html: place.innerHTML, text: place.textContent, isCut: rendered.isCut, forbidden, place };
    });
    for (const { place } of looked) {
      for (const element of place.querySelectorAll('*')) {
        for (const type of ['mouseover', 'focus', 'toggle', 'load', 'error'])
          element.dispatchEvent(new Event(type));
      }
    }
    await new Promise((done) => setTimeout(done));
    for (const { place } of looked) place.remove();
    return looked.map(({ place, ...rest }) => rest);
  }, documents);
}

describe.skipIf(!HAS_CHROMIUM)('release notes', () => {
  let bundle = '';
  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, '..', '..', 'src', 'renderer', 'render-notes.ts')],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'Notes',
    });
    bundle = outputFiles[0]?.text ?? '';
  });

  /** A page without any policy: the sanitiser has to do by itself. */
  const openBarePage = async (): Promise<{ readonly page: Page; readonly asked: readonly string[] }> => {
    const page = await windows.browser().newPage();
    const asked: string[] = [];
    await page.route('**/*', (route) => {
      asked.push(route.request().url());
      return route.abort();
    });
    page.on('dialog', (dialog) => asked.push(dialog.message()));
    await page.setContent('<!doctype html><title>Bare</title>');
    await page.addScriptTag({ content: bundle });
    return { page, asked };
  };

  it('never run, load or lead anywhere but to https, whatever is in them', async () => {
    const { page, asked } = await openBarePage();
    const isHarmless = async (documents: readonly string[]): Promise<void> => {
      const looked = await render(page, documents);
      expect(looked.flatMap(({ forbidden }) => forbidden)).toEqual([]);
      expect(await page.evaluate(() => window.hacked)).toBe(undefined);
      expect(asked).toEqual([]);
    };
    await isHarmless(HOSTILE);
    await fc.assert(fc.asyncProperty(fc.array(DOCUMENT, { minLength: 1, maxLength: 40 }), isHarmless), {
      numRuns: 60,
    });
    expect(page.url()).toBe('about:blank');
    await page.close();
  }, 180_000);

  it('would be caught at it: the same page runs and loads what is not sanitised', async () => {
    const { page, asked } = await openBarePage();
    await page.evaluate((html) => {
      document.body.innerHTML = html;
    }, '<img src="https://evil.example/x.png" onerror="window.hacked=1">');
    await page.waitForFunction(() => window.hacked === 1);
    expect(asked).toEqual(['https://evil.example/x.png']);
    await page.close();
  });

  it('keep their text, structure and https links', async () => {
    const { page } = await openBarePage();
    const [looked] = await render(page, [
      '# Title\n\nSome **bold** and *soft* [text](https://example.com/a?b=1&c=2).\n\n1. one\n2. two\n\n```\n<code>\n```\n\n<javascript:x> [here](javascript:x) [](https://example.com/nothing)',
    ]);
    expect(looked?.html.replaceAll('\n', '')).toBe(
      '<h3>Title</h3><p>Some <strong>bold</strong> and <em>soft</em> ' +
        '<a href="https://example.com/a?b=1&amp;c=2" title="Opens https://example.com/a?b=1&amp;c=2">text</a>.</p>' +
        '<ol><li>one</li><li>two</li></ol><pre><code>&lt;code&gt;</code></pre><p>javascript:x here </p>',
    );
    await page.close();
  });

  it('have headings below that of the window, without gaps and without empty ones', async () => {
    const { page } = await openBarePage();
    const [looked] = await render(page, [
      '## A\n\n##### B\n\n### C\n\n# \n\n#### D\n\n# E\n\n<h2><img></h2>',
    ]);
    expect(looked?.html.match(/<h\d>\w+/g)).toEqual(['<h3>A', '<h4>B', '<h5>C', '<h6>D', '<h3>E']);
    await page.close();
  });

  it('are cut where they are endless, without the window standing still', async () => {
    const { page } = await openBarePage();
    const [long, short] = await render(page, ['word '.repeat(400_000), 'word '.repeat(100)]);
    expect(long?.isCut).toBe(true);
    expect(long?.text.length).toBeLessThanOrEqual(100_001);
    expect(short?.isCut).toBe(false);
    await page.close();
  });

  it('are shown as plain text where they are not meant to be understood, with their lines', async () => {
    const { page } = await openBarePage();
    const [looked] = await render(page, [`First <b>line</b>\nsecond\n\n${'> '.repeat(20_000)}`]);
    expect(looked?.html).toMatch(
      /^<p class="plain">First &lt;b&gt;line&lt;\/b&gt;\nsecond<\/p><p class="plain">&gt; &gt;/,
    );
    await page.close();
  });

  it.each([
    '<b>',
    '<a href="https://a.example">',
    '<table><tr><td>',
    '<p><b>',
    '<div><ul><li>',
    '<svg><math>',
    '*a_',
    '<h1>a',
  ])('are done with endless %j', async (piece) => {
    const { page } = await openBarePage();
    const [looked] = await render(page, [piece.repeat(Math.ceil(100_000 / piece.length))]);
    expect(looked?.isCut).toBe(piece.length !== 0 && 100_000 % piece.length !== 0);
    await page.close();
  });

  it('load and run nothing in the window itself, and cannot pose as a part of it', async () => {
    const { page, show, troubles } = await windows.open();
    for (const notes of HOSTILE) {
      await show(makeModel({ kind: 'available', offer: { ...OFFER, notes: `${notes}\n\nLast words` } }));
      expect(
        await page.locator('.notes .text [id], .notes .text [class]:not(.scroller)').count(),
        notes,
      ).toBe(0);
      expect(await page.locator('.notes a:not([href^="https://example.com/"])').count(), notes).toBe(0);
    }
    expect(await page.evaluate(() => window.hacked)).toBe(undefined);
    // The policy also holds for the inert document in which the sanitiser takes them apart, and the console says so.
    const isOfPolicy = (trouble: string): boolean => trouble.endsWith('The action has been blocked.');
    expect(troubles.filter((trouble) => !isOfPolicy(trouble))).toEqual([]);
    await page.close();
  });
});
