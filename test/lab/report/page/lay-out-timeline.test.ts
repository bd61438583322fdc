import { describe, expect, it } from 'vitest';
import { layOutTimeline } from '../../../../src/lab/report/page/lay-out-timeline.ts';
import { makeLabReport } from '../../../support/make-lab-report.ts';

const { history } = makeLabReport();
const MANIFESTS = history?.manifests ?? [];

describe('layOutTimeline', () => {
  const layout = layOutTimeline(MANIFESTS);

  it('places every manifest that has a date and a version, and names the others', () => {
    expect(layout.unplaced).toEqual(['broken.json']);
    expect(layout.points).toHaveLength(MANIFESTS.length - 1);
    for (const { x, y } of layout.points) {
      expect(x).toBeGreaterThanOrEqual(layout.left);
      expect(x).toBeLessThanOrEqual(layout.width);
      expect(y).toBeLessThan(layout.height);
    }
    const places = layout.points.map(({ x, y }) => `${x} ${y}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it('lets time run to the right and versions rise, each channel in its lane', () => {
    const stable = layout.points.filter(({ manifest }) => manifest.channel === 'stable');
    const across = stable.map(({ x }) => x);
    expect(across).toEqual(across.toSorted((a, b) => a - b));
    const [first, ...later] = stable;
    // 2.6.0 came first, and nothing after it was higher.
    for (const { y } of later) expect(y).toBeGreaterThan(first?.y ?? 0);
    for (const { manifest, y } of layout.points) {
      const lane = layout.lanes.find(({ channel }) => channel === manifest.channel);
      expect(y).toBeGreaterThan(lane?.top ?? Number.POSITIVE_INFINITY);
      expect(y).toBeLessThan(lane?.bottom ?? 0);
    }
    expect(layout.lanes.map(({ versions }) => versions.map(({ version }) => version))).toEqual([
      ['2.6.0', '2.0.0.46', '2.0.0.40', '2.0.0.6', '1.6.1.40', '1.6.1.36', '1.6.1.33'],
      ['2.0.0.31'],
    ]);
  });

  it('draws long stretches without manifests as a break, and says how long they were', () => {
    expect(layout.gaps.map(({ days }) => days)).toEqual([145]);
    const dates = layout.ticks.map(({ label }) => label);
    expect(dates[0]).toBe('2025-09-20');
    expect(dates).toEqual(dates.toSorted());
    const days = (from: number, to: number): number =>
      (layout.points[to]?.x ?? 0) - (layout.points[from]?.x ?? 0);
    // From 23 February to 9 March, and from 16 to 23 February: to scale.
    expect(days(5, 7) / days(4, 5)).toBeCloseTo(13.21 / 7.14, 1);
  });

  it('does with one manifest, and with none', () => {
    expect(layOutTimeline([]).points).toEqual([]);
    const [only] = layOutTimeline(MANIFESTS.slice(0, 1)).points;
    expect(only?.x).toBeGreaterThan(0);
    expect(layOutTimeline(MANIFESTS.slice(0, 1)).gaps).toEqual([]);
  });
});
