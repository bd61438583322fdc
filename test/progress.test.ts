import { describe, expect, it } from 'vitest';
import { type DownloadProgress, ProgressMeter } from '../src/progress.ts';

function startMeter(total: number, position = 0) {
  let time = 0;
  const reports: DownloadProgress[] = [];
  const meter = new ProgressMeter(
    total,
    position,
    () => time,
    (report) => reports.push(report),
  );
  const at = (milliseconds: number, where: number): void => {
    time = milliseconds;
    meter.move(where);
  };
  return { meter, reports, at };
}

describe('ProgressMeter', () => {
  it('reports at most ten times a second, and once at the end', () => {
    const { meter, reports, at } = startMeter(10_000);
    for (let time = 1; time <= 1_000; time += 1) at(time, time * 10);
    expect(reports).toHaveLength(10);
    meter.finish();
    expect(reports).toHaveLength(11);
    expect(reports.at(-1)).toMatchObject({ transferred: 10_000, total: 10_000, secondsLeft: 0 });
  });

  it('knows a steady speed and the time that is left', () => {
    const { reports, at } = startMeter(1_000_000);
    for (let time = 100; time <= 5_000; time += 100) at(time, time * 100);
    expect(reports.at(-1)).toEqual({
      transferred: 500_000,
      total: 1_000_000,
      bytesPerSecond: 100_000,
      secondsLeft: 5,
    });
  });

  it('does not count bytes of an earlier attempt as speed', () => {
    const { reports, at } = startMeter(1_000_000, 900_000);
    at(1_000, 910_000);
    expect(reports).toEqual([
      { transferred: 910_000, total: 1_000_000, bytesPerSecond: 10_000, secondsLeft: 9 },
    ]);
  });

  it('follows a change of speed within seconds and survives a fresh start', () => {
    const { reports, at } = startMeter(10_000_000);
    for (let time = 100; time <= 2_000; time += 100) at(time, time * 1_000);
    at(2_100, 0);
    expect(reports.at(-1)?.bytesPerSecond).toBeGreaterThan(0);
    for (let time = 2_200; time <= 20_000; time += 100) at(time, time);
    expect(reports.at(-1)?.bytesPerSecond).toBeLessThan(5_000);
  });

  it('says nothing about the end while nothing arrives', () => {
    const { reports, at } = startMeter(10);
    at(500, 0);
    expect(reports).toEqual([{ transferred: 0, total: 10, bytesPerSecond: 0, secondsLeft: null }]);
  });
});
