import { readFileSync, writeFileSync } from 'node:fs';
import { replaceSection } from './polling/replace-section.ts';
import { reportPolling } from './polling/report.ts';

// What a million clients ask of the server after a release: node bench/polling-simulation.ts
// Prints the tables, and writes them into docs/SCALING.md and the chart to docs/polling-simulation.svg. The same
// numbers on every machine: the random source is seeded, and the waits come from src/check/schedule.ts.

const DOCUMENT = new URL('../docs/SCALING.md', import.meta.url);
const CHART = new URL('../docs/polling-simulation.svg', import.meta.url);

const { chart, ...sections } = reportPolling(1_000_000);
for (const [name, content] of Object.entries(sections))
  console.log(`### A million clients: ${name}\n\n${content}\n`);
writeFileSync(CHART, chart);
const document = Object.entries(sections).reduce(
  (text, [name, content]) => replaceSection(text, name, content),
  readFileSync(DOCUMENT, 'utf8'),
);
writeFileSync(DOCUMENT, document);
