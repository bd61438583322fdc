import { beforeEach, describe, expect, it, vi } from 'vitest';
import { PollingConditions } from '../../src/electron/polling-conditions.ts';
import { StandInElectron } from './stand-in.ts';

describe('the conditions of polling', () => {
  let electron: StandInElectron;
  let conditions: PollingConditions;
  let told: string[];
  const polling = {
    pause: () => void (told.at(-1) === 'pause' || told.push('pause')),
    resume: () => void (told.at(-1) === 'resume' || told.push('resume')),
    stop: () => void told.push('stop'),
  };

  beforeEach(() => {
    told = [];
    electron = new StandInElectron();
    conditions = new PollingConditions(electron.module(), 5);
  });

  it('are good where the Mac is awake and has a network', () => {
    conditions.govern(polling);
    expect(conditions.mayCheck()).toBe(true);
    expect(told).toEqual(['resume']);
  });

  it('pause it while the Mac sleeps', () => {
    conditions.govern(polling);
    electron.powerMonitor.emit('suspend');
    expect(conditions.mayCheck()).toBe(false);
    electron.powerMonitor.emit('resume');
    expect(conditions.mayCheck()).toBe(true);
    expect(told).toEqual(['resume', 'pause', 'resume']);
  });

  it('pause it from the start where the Mac sleeps already', () => {
    electron.powerMonitor.emit('suspend');
    conditions.govern(polling);
    expect(told).toEqual(['pause']);
  });

  it('pause it when the network is gone, and resume it when it is back', async () => {
    conditions.govern(polling);
    electron.isOnline = false;
    expect(conditions.mayCheck()).toBe(false);
    expect(told).toEqual(['resume', 'pause']);
    electron.isOnline = true;
    await vi.waitFor(() => expect(told).toEqual(['resume', 'pause', 'resume']));
  });

  it('do not resume it when the Mac wakes up without a network', async () => {
    conditions.govern(polling);
    electron.powerMonitor.emit('suspend');
    electron.isOnline = false;
    electron.powerMonitor.emit('resume');
    expect(told).toEqual(['resume', 'pause']);
    electron.isOnline = true;
    await vi.waitFor(() => expect(told.at(-1)).toBe('resume'));
  });

  it('leave it alone once it was stopped', async () => {
    conditions.govern(polling);
    electron.isOnline = false;
    conditions.mayCheck();
    conditions.stop();
    electron.isOnline = true;
    await new Promise((resolve) => setTimeout(resolve, 30));
    electron.powerMonitor.emit('resume');
    expect(told).toEqual(['resume', 'pause', 'stop']);
  });
});
