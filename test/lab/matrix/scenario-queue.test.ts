import { expect, it } from 'vitest';
import { ScenarioQueue } from '../../../src/lab/matrix/scenario-queue.ts';
import type { Offer, Scenario } from '../../../src/lab/scenario/scenario.ts';
import { offerOf } from '../../support/lab-run.ts';

it('keeps who asks to one offer as long as there is something of it', () => {
  const [first, second] = [offer('first', 1), offer('second', 1)];
  const queue = new ScenarioQueue([on(first, 'a'), on(second, 'a'), on(first, 'b'), on(second, 'b')]);
  expect(namesOf(queue, first)).toEqual(['first/a', 'first/b', 'second/a', 'second/b']);
});

it('begins with the most work, and lets two share it at the end', () => {
  const [short, long] = [offer('short', 1), offer('long', 9)];
  const queue = new ScenarioQueue([on(short, 'a'), on(long, 'a'), on(short, 'b'), on(long, 'b')]);
  expect(queue.take(null)?.name).toBe('long/a');
  expect(queue.take(null)?.name).toBe('long/b');
  expect(queue.take(long)?.name).toBe('short/a');
  expect(queue.take(long)?.name).toBe('short/b');
});

it('gives each scenario once, and then nothing', () => {
  const offers = [offer('a', 3), offer('b', 1), offer('c', 2)];
  const scenarios = offers.flatMap((one) => [on(one, 'x'), on(one, 'y')]);
  const queue = new ScenarioQueue(scenarios);
  expect(namesOf(queue, null).toSorted()).toEqual(scenarios.map(({ name }) => name).toSorted());
  expect(queue.take(null)).toBeNull();
  expect(new ScenarioQueue([]).take(null)).toBeNull();
});

function namesOf(queue: ScenarioQueue, start: Offer | null): readonly string[] {
  const names: string[] = [];
  let last = start;
  for (let next = queue.take(last); next !== null; next = queue.take(last)) {
    names.push(next.name);
    last = next.offer;
  }
  return names;
}

function offer(name: string, checks: number): Offer {
  return { ...offerOf({ version: '2.7.0', checks }), name };
}

function on(one: Offer, host: string): Scenario {
  const state = {
    name: host,
    title: host,
    description: '',
    publishes: [],
    releases: [],
    events: [],
    faults: [],
  };
  return { name: `${one.name}/${host}`, title: '', offer: one, host: state };
}
