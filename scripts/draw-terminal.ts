/**
 * Draws what a terminal shows as an SVG, for the README. Reads text with ANSI colours:
 *
 *   tmux new-session -d -s demo -x 112 -y 48 'node bin/nexy-updater.js demo; sleep 60'
 *   tmux capture-pane -ep -t demo | node scripts/draw-terminal.ts > docs/demo.svg
 */
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';

const CHARACTER_WIDTH = 8.4;
const LINE_HEIGHT = 19;
const MARGIN = 16;
const COLOURS: Readonly<Record<number, string>> = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341' };

/** Select Graphic Rendition of ECMA-48: escape, `[`, numbers, `m`. */
const COLOUR_CODE = new RegExp(`${String.fromCharCode(27)}\\[([\\d;]*)m`);

interface Style {
  readonly colour: string;
  readonly isBold: boolean;
}
const PLAIN: Style = { colour: '#e6edf3', isBold: false };

function apply(style: Style, code: number): Style {
  if (code === 0 || code === 39)
    return { ...style, colour: PLAIN.colour, isBold: code === 0 ? false : style.isBold };
  if (code === 1) return { ...style, isBold: true };
  if (code === 2) return { ...style, colour: '#8b949e' };
  if (code === 22) return { ...PLAIN };
  return { ...style, colour: COLOURS[code] ?? style.colour };
}

function escapeXml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function drawLine(line: string, index: number): string {
  let style = PLAIN;
  let column = 0;
  const y = MARGIN + (index + 1) * LINE_HEIGHT - 5;
  const pieces = line.split(COLOUR_CODE).map((piece, position) => {
    if (position % 2 === 1) {
      for (const code of piece.split(';')) style = apply(style, Number(code));
      return '';
    }
    const x = MARGIN + column * CHARACTER_WIDTH;
    const length = [...piece].length;
    column += length;
    if (piece.trim() === '') return '';
    const weight = style.isBold ? ' font-weight="bold"' : '';
    const width = (length * CHARACTER_WIDTH).toFixed(1);
    return `<text x="${x.toFixed(1)}" y="${y}" fill="${style.colour}"${weight} textLength="${width}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">${escapeXml(piece)}</text>`;
  });
  return pieces.join('');
}

const lines = (await text(process.stdin)).trimEnd().split('\n');
const columns = Math.max(...lines.map((line) => [...stripVTControlCharacters(line)].length));
const width = Math.ceil(columns * CHARACTER_WIDTH) + 2 * MARGIN;
const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="The demo in a terminal: two updates are installed, a third is refused">
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
${lines.map(drawLine).join('\n')}
</g>
</svg>
`,
);
