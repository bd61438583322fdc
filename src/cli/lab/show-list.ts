import type { Terminal } from '../terminal.ts';
import type { LabData } from './open-data.ts';

interface Titled {
  readonly name: string;
  readonly title: string;
}

/** `--list`: everything that has a name. */
export function showList(data: LabData, terminal: Terminal): void {
  const { offers, hosts, clients, scenarios } = data;
  const combined = new Set(offers.flatMap((offer) => hosts.map((host) => `${offer.name}/${host.name}`)));
  terminal.result({
    offers: offers.map(titled),
    hosts: hosts.map(titled),
    clients: clients.map(titled),
    scenarios: scenarios.map(titled),
  });
  showGroup('Offers', offers, terminal);
  showGroup('States of the release host', hosts, terminal);
  showGroup('Clients', clients, terminal);
  showGroup(
    'Scenarios',
    scenarios.filter(({ name }) => !combined.has(name)),
    terminal,
  );
  terminal.say('Every offer on every state of the host is a scenario, too: <offer>/<host>.');
}

function titled({ name, title }: Titled): Titled {
  return { name, title };
}

function showGroup(heading: string, items: readonly Titled[], terminal: Terminal): void {
  if (items.length === 0) return;
  terminal.say(terminal.style('bold', heading));
  for (const { name, title } of items) terminal.say(`  ${name}\n    ${terminal.style('dim', title)}`);
  terminal.say('');
}
