import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { matrixTables } from '../../../src/cli/lab/matrix-tables.ts';
import { openTerminal } from '../../../src/cli/terminal.ts';
import { OUTCOMES } from '../../../src/lab/run/outcome.ts';
import { makeLabReport } from '../../support/make-lab-report.ts';

const LETTERS = { harmed: 'H', loops: 'L', promised: 'p', stranded: 'X', stays: '-' } as const;
const report = makeLabReport({ offers: 12 });

function linesAt(width: number, of = report): readonly string[] {
  return stripVTControlCharacters(matrixTables(of, openTerminal(false), width)).split('\n');
}

describe('in a terminal', () => {
  it.each([80, 100, 200])('of %i columns no line is longer than that', (width) => {
    for (const line of linesAt(width)) expect(line.length, line).toBeLessThanOrEqual(width);
  });

  it('each client has its counts', () => {
    const lines = linesAt(100);
    for (const { name, macos, installed } of report.clients) {
      const counts = OUTCOMES.map(
        (outcome) => report.cells.filter((cell) => cell.client === name && cell.outcome === outcome).length,
      );
      const line = lines.find((one) => one.includes(`  ${name}  `));
      expect(line?.split(/ {2,}/).slice(1)).toEqual([name, macos, installed, ...counts.map(String)]);
    }
  });

  it('each scenario has a letter for each client, below its offer', () => {
    const lines = linesAt(100);
    for (const { name } of report.offers) {
      const start = lines.findIndex((line) => line.trim() === name);
      const rows = lines.slice(start + 1, start + 1 + report.hosts.length);
      const expected = report.hosts.map((host) => [host.name, ...lettersOf(name, host.name)]);
      expect(rows.map((row) => row.trim().split(/ +/))).toEqual(expected);
    }
  });

  it('every letter is explained, and told apart without colour', () => {
    const text = linesAt(100).join('\n');
    for (const outcome of OUTCOMES) expect(text).toContain(`${LETTERS[outcome]} ${outcome}`);
    expect(new Set(Object.values(LETTERS)).size).toBe(OUTCOMES.length);
  });

  it('clients that do not fit side by side go into a further table', () => {
    const [first] = report.clients;
    if (first === undefined) throw new Error('There is no client.');
    const clients = Array.from({ length: 40 }, (_, index) => ({ ...first, name: `client-${index}` }));
    const cells = report.cells
      .filter(({ client }) => client === first.name)
      .flatMap((cell) => clients.map(({ name }) => ({ ...cell, client: name })));
    const lines = linesAt(80, { ...report, clients, cells });
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
    const heads = lines.filter((line) => /^ +(?:[a-z]{1,2} +)+[a-z]{1,2} *$/.test(line));
    expect(heads.flatMap((line) => line.trim().split(/ +/))).toHaveLength(40);
  });
});

function lettersOf(offer: string, host: string): readonly string[] {
  return report.clients.map(({ name }) => {
    const cell = report.cells.find((one) => one.offer === offer && one.host === host && one.client === name);
    return cell === undefined ? '?' : LETTERS[cell.outcome];
  });
}
