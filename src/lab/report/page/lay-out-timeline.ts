import { parseReleaseDate } from '../../../manifest/release-date.ts';
import type { HistoryReport } from '../lab-report.ts';

type ShownManifest = HistoryReport['manifests'][number];

/** A manifest on the axes. All measures are pixels of the drawing. */
export interface TimelinePoint {
  readonly manifest: ShownManifest;
  readonly x: number;
  readonly y: number;
}

export interface TimelineLane {
  readonly channel: ShownManifest['channel'];
  readonly top: number;
  readonly bottom: number;
  /** One line for each version, the highest at the top. */
  readonly versions: readonly { readonly version: string; readonly y: number }[];
}

export interface TimelineTick {
  readonly x: number;
  readonly label: string;
}

/** A stretch without manifests that is drawn shorter than it was. */
export interface TimelineGap {
  readonly from: number;
  readonly to: number;
  readonly days: number;
}

export interface TimelineLayout {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly points: readonly TimelinePoint[];
  readonly lanes: readonly TimelineLane[];
  readonly ticks: readonly TimelineTick[];
  readonly gaps: readonly TimelineGap[];
  /** Files without a date or a version, which have no place. */
  readonly unplaced: readonly string[];
}

const WIDTH = 1120;
const LEFT = 104;
const RIGHT = 40;
const TOP = 8;
const ROW = 26;
const LANE_HEAD = 30;
const AXIS = 22;
const DAY = 86_400_000;
/** Longer stretches are drawn as a break of this width. */
const LONGEST_GAP = 14 * DAY;
const BREAK = 90;
const LABEL = 84;

interface Placed {
  readonly manifest: ShownManifest;
  readonly at: number;
  readonly version: string;
}

/** Time runs to the right, with breaks where nothing happened for long; versions rise in the lane of their channel. */
export function layOutTimeline(manifests: readonly ShownManifest[]): TimelineLayout {
  const placed = manifests.flatMap(place);
  const axis = makeAxis(placed.map(({ at }) => at));
  const lanes: TimelineLane[] = [];
  let top = TOP;
  for (const channel of ['stable', 'beta'] as const) {
    const versions = sortVersions(placed.filter(({ manifest }) => manifest.channel === channel));
    if (versions.length === 0) continue;
    const bottom = top + LANE_HEAD + versions.length * ROW;
    const first = top + LANE_HEAD;
    lanes.push({
      channel,
      top,
      bottom,
      versions: versions.map((version, at) => ({ version, y: first + (at + 0.5) * ROW })),
    });
    top = bottom + 12;
  }
  const points = placed.map(({ manifest, at, version }) => {
    const lane = lanes.find(({ channel }) => channel === manifest.channel);
    const row = lane?.versions.find((each) => each.version === version);
    return { manifest, x: axis.xOf(at), y: row?.y ?? 0 };
  });
  const isPlaced = new Set(placed.map(({ manifest }) => manifest));
  return {
    width: WIDTH,
    height: top + AXIS,
    left: LEFT,
    points: spread(points),
    lanes,
    ticks: axis.ticks,
    gaps: axis.gaps,
    unplaced: manifests.filter((manifest) => !isPlaced.has(manifest)).map(({ file }) => file),
  };
}

function place(manifest: ShownManifest): readonly Placed[] {
  const date = parseReleaseDate(manifest.date ?? '');
  const { version } = manifest;
  if (date === null || version === null) return [];
  return [{ manifest, at: date.milliseconds, version }];
}

/** For the drawing alone: numbers by their value, and whatever else a manifest calls a version somewhere among them. */
const ORDER = new Intl.Collator('en', { numeric: true });

function sortVersions(placed: readonly Placed[]): readonly string[] {
  const versions = new Set(placed.map(({ version }) => version));
  return [...versions].toSorted((a, b) => ORDER.compare(b, a));
}

interface Axis {
  readonly xOf: (time: number) => number;
  readonly ticks: readonly TimelineTick[];
  readonly gaps: readonly TimelineGap[];
}

/** Stretches of time that are drawn to scale, with breaks between them. */
function makeAxis(times: readonly number[]): Axis {
  const sorted = times.toSorted((a, b) => a - b);
  const stretches: { from: number; to: number }[] = [];
  for (const time of sorted) {
    const current = stretches.at(-1);
    if (current !== undefined && time - current.to <= LONGEST_GAP) current.to = time;
    else stretches.push({ from: time, to: time });
  }
  // Whole days around, so that a single moment has a width too.
  const days = stretches.map(({ from, to }) => ({
    from: Math.floor(from / DAY) * DAY,
    to: (Math.floor(to / DAY) + 1) * DAY,
  }));
  const shown = days.reduce((sum, { from, to }) => sum + to - from, 0);
  const room = WIDTH - LEFT - RIGHT - BREAK * Math.max(0, days.length - 1);
  const scale = shown === 0 ? 0 : room / shown;
  const starts: number[] = [];
  let x = LEFT;
  for (const { from, to } of days) {
    starts.push(x);
    x += (to - from) * scale + BREAK;
  }
  const xOf = (time: number): number => {
    const at = days.findIndex(({ from, to }) => time >= from && time <= to);
    return (starts[at] ?? LEFT) + (time - (days[at]?.from ?? time)) * scale;
  };
  const gaps = days.slice(1).map(({ from }, at) => {
    const before = days[at]?.to ?? from;
    return { from: xOf(before), to: starts[at + 1] ?? 0, days: Math.round((from - before) / DAY) };
  });
  return { xOf, ticks: days.flatMap(({ from, to }) => listTicks(from, to, scale, xOf)), gaps };
}

/** Days that have room for their label. */
function listTicks(from: number, to: number, scale: number, xOf: Axis['xOf']): readonly TimelineTick[] {
  const step = [1, 2, 7, 14, 28, 91, 364].find((days) => days * DAY * scale >= LABEL) ?? 364;
  const ticks: TimelineTick[] = [];
  for (let time = from; time < to; time += step * DAY) {
    ticks.push({ x: xOf(time), label: new Date(time).toISOString().slice(0, 10) });
  }
  return ticks;
}

const DIAMETER = 16;

/** Points of one place move apart, each as little as is needed. */
function spread(points: readonly TimelinePoint[]): readonly TimelinePoint[] {
  const done: TimelinePoint[] = [];
  for (const point of points) {
    let { x } = point;
    while (done.some((other) => other.y === point.y && Math.abs(other.x - x) < DIAMETER)) x += DIAMETER;
    done.push({ ...point, x });
  }
  return done;
}
