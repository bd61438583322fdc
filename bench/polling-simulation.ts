import { readFileSync, writeFileSync } from 'node:fs';
import { replaceSection } from './polling/replace-section.ts';
import { reportPolling } from './polling/report.ts';

// What a million clients ask of the server after a release: node bench/polling-simulation.ts
// Prints the tables, and writes them into docs/SCALING.md and the chart to docs/polling-simulation.svg. The same
// numbers on every machine: the random source is seeded, and the waits come from src/check/schedule.ts.

const DOCUMENT = new URL('../docs/SCALING.md', import.meta.url);
const CHART = new URL('../docs/polling-simulation.svg', import.meta.url);

const { rates, totals, chart } = reportPolling(1_000_000);
console.log(`### A million clients that poll hourly, four hours from a release on\n\n${rates}\n`);
console.log(`### Requests in these four hours, in millions\n\n${totals}`);
writeFileSync(CHART, chart);
const text = readFileSync(DOCUMENT, 'utf8');
writeFileSync(DOCUMENT, replaceSection(replaceSection(text, 'rates', rates), 'totals', totals));
