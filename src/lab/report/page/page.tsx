import { render } from 'preact';
import type { LabReport } from '../lab-report.ts';
import { App } from './app.tsx';

const data = document.getElementById('report')?.textContent ?? 'null';
// Written into this page together with this script, by writeReport.
const report = JSON.parse(data) as LabReport;
const root = document.createElement('div');
document.body.append(root);
render(<App report={report} />, root);
