export interface Tick {
  readonly value: number;
  readonly label: string;
}

export interface Axis {
  /** With its unit. */
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly isLogarithmic: boolean;
  readonly ticks: readonly Tick[];
}

export interface Line {
  readonly name: string;
  readonly weight: 'strong' | 'thin';
  readonly isDashed: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Panel {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  /** The first lies at the bottom. */
  readonly lines: readonly Line[];
  readonly band: { readonly from: number; readonly to: number; readonly label: string } | null;
}

export interface Chart {
  readonly title: string;
  /** What the chart shows, for those who do not see it. */
  readonly description: string;
  readonly panels: readonly Panel[];
}

const COLUMNS = 2;
const WIDTH = 480;
const HEIGHT = 324;
const HEADER = 44;
const PLOT = { left: 84, top: 70, right: WIDTH - 14, bottom: HEIGHT - 46 };

/** It has a ground of its own: the page's scheme and the system's, which the picture goes by, may differ. */
const STYLE = `
  .ground { fill: #ffffff } .text { fill: #1f2328 } .quiet { fill: #59636e }
  .grid { stroke: #d1d9e0 } .band { fill: #bc4c00; fill-opacity: 0.1 }
  .strong { stroke: #0969da; stroke-width: 2.5 } .thin { stroke: #bc4c00; stroke-width: 1.4 }
  .line { fill: none; stroke-linejoin: round } .dashed { stroke-dasharray: 6 4 }
  text { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif }
  .heading { font-size: 17px; font-weight: 600 } .name { font-size: 14px; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .text { fill: #f0f6fc } .quiet { fill: #9198a1 }
    .grid { stroke: #3d444d } .band { fill: #ffa657; fill-opacity: 0.14 }
    .strong { stroke: #4493f8 } .thin { stroke: #ffa657 }
  }`;

/** Lines over a common kind of x axis, in panels side by side, as SVG that reads well in light and dark. */
export function drawChart({ title, description, panels }: Chart): string {
  const width = WIDTH * COLUMNS;
  const height = HEADER + HEIGHT * Math.ceil(panels.length / COLUMNS);
  const drawn = panels.map((panel, index) => {
    const x = (index % COLUMNS) * WIDTH;
    const y = HEADER + Math.floor(index / COLUMNS) * HEIGHT;
    return `<g transform="translate(${x} ${y})">\n${drawPanel(panel)}\n</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escapeXml(title)}</title>
<desc id="description">${escapeXml(description)}</desc>
<style>${STYLE}
</style>
<rect class="ground" width="${width}" height="${height}" rx="6"/>
${drawText(title, 16, 30, 'text heading')}
${drawn.join('\n')}
</svg>
`;
}

function drawPanel({ title, x, y, lines, band }: Panel): string {
  const toX = scaleOf(x, PLOT.left, PLOT.right);
  const toY = scaleOf(y, PLOT.bottom, PLOT.top);
  const middle = (PLOT.top + PLOT.bottom) / 2;
  const parts = [
    drawText(title, 16, 20, 'text name'),
    ...lines.map((line, index) => drawLegend(line, index)),
    ...(band === null
      ? []
      : [
          `<rect class="band" x="${round(toX(band.from))}" y="${PLOT.top}" width="${round(toX(band.to) - toX(band.from))}" height="${PLOT.bottom - PLOT.top}"/>`,
          drawText(band.label, (toX(band.from) + toX(band.to)) / 2, PLOT.bottom - 8, 'quiet', 'middle'),
        ]),
    ...y.ticks.flatMap(({ value, label }) => [
      `<path class="grid" d="M${PLOT.left} ${round(toY(value))}H${PLOT.right}"/>`,
      drawText(label, PLOT.left - 6, toY(value) + 4, 'quiet', 'end'),
    ]),
    ...x.ticks.flatMap(({ value, label }) => [
      `<path class="grid" d="M${round(toX(value))} ${PLOT.bottom}v5"/>`,
      drawText(label, toX(value), PLOT.bottom + 18, 'quiet', 'middle'),
    ]),
    drawText(x.label, (PLOT.left + PLOT.right) / 2, PLOT.bottom + 36, 'text', 'middle'),
    `<g transform="rotate(-90 24 ${middle})">${drawText(y.label, 24, middle, 'text', 'middle')}</g>`,
    ...lines.map(
      (line) =>
        `<path class="${classOf(line)}" d="${line.points.map(([px, py], index) => `${index === 0 ? 'M' : 'L'}${round(toX(px))} ${round(toY(py))}`).join('')}"/>`,
    ),
  ];
  return parts.join('\n');
}

/** Two names a row, above the plot. */
function drawLegend(line: Line, index: number): string {
  const left = 16 + (index % 2) * (WIDTH / 2 - 10);
  const y = 40 + Math.floor(index / 2) * 18;
  return `<path class="${classOf(line)}" d="M${left} ${y - 4}h24"/>\n${drawText(line.name, left + 30, y, 'text')}`;
}

function classOf({ weight, isDashed }: Line): string {
  return `line ${weight}${isDashed ? ' dashed' : ''}`;
}

/** What lies outside the axis is drawn at its end: of a logarithmic one also 0. */
function scaleOf({ from, to, isLogarithmic }: Axis, start: number, end: number): (value: number) => number {
  const position = isLogarithmic ? Math.log10 : (value: number) => value;
  const [first, last] = [position(from), position(to)];
  return (value) => {
    const share = (position(Math.min(Math.max(value, from), to)) - first) / (last - first);
    return start + share * (end - start);
  };
}

function drawText(text: string, x: number, y: number, className: string, anchor = 'start'): string {
  return `<text class="${className}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeXml(text)}</text>`;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
