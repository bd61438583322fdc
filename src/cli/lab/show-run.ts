import type { Cell } from '../../lab/run/outcome.ts';
import type { ClientSpec, Scenario } from '../../lab/scenario/scenario.ts';
import type { Trace, TraceEvent } from '../../lab/trace.ts';
import { interruptSignal } from '../interrupt.ts';
import type { Terminal } from '../terminal.ts';
import { outcomeWord } from './outcome-style.ts';

const COLOURS = {
  host: 'blue',
  check: 'bold',
  network: 'cyan',
  tool: 'dim',
  step: 'reset',
  decision: 'yellow',
  outcome: 'bold',
} as const satisfies Record<TraceEvent['kind'], string>;

const KIND_WIDTH = 9;

/** `--scenario` with `--client`: one run with everything that happens in it, in order. */
export async function showRun(scenario: Scenario, client: ClientSpec, terminal: Terminal): Promise<void> {
  const { openLabRoom } = await import('../../lab/run/lab-room.ts');
  const { runScenario } = await import('../../lab/run/run-scenario.ts');
  terminal.say(`${terminal.style('bold', scenario.title)}  (${scenario.name})`);
  terminal.say(`${terminal.style('bold', client.title)}  (${client.name})`);
  const trace: TraceEvent[] = [];
  const tell: Trace = (event) => {
    trace.push(event);
    if (event.kind !== 'outcome') showEvent(event, terminal);
  };
  const signal = interruptSignal();
  const room = await openLabRoom();
  try {
    const cell = await runScenario(scenario, client, room, { trace: tell, signal });
    terminal.result({ cell, trace });
    showOutcome(cell, terminal);
  } finally {
    await room.close();
  }
}

function showEvent({ kind, text }: TraceEvent, terminal: Terminal): void {
  if (kind === 'check' && text.startsWith('Check ')) terminal.say('');
  const label = terminal.style('dim', kind.padEnd(KIND_WIDTH));
  terminal.say(`${label} ${terminal.style(COLOURS[kind], text)}`);
}

function showOutcome({ outcome, why, installed, downloads, artifactBytes }: Cell, terminal: Terminal): void {
  terminal.say('');
  terminal.say(`${outcomeWord(outcome, terminal)}: ${why}`);
  terminal.say(
    `${installed.version} is installed; ${downloads} downloads, ${artifactBytes.toLocaleString('en')} bytes of the stand-in builds.`,
  );
}
