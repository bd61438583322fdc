import { render } from 'preact';
import type { LabReport } from '../lab-report.ts';
import { App } from './app.tsx';
import { restoreValues, type SharedValues } from './share-values.ts';

const data = document.getElementById('report')?.textContent ?? '[]';
// Written into this page together with this script, by writeReport.
const report = restoreValues(JSON.parse(data) as SharedValues) as LabReport;
const root = document.createElement('div');
document.body.append(root);
render(<App report={report} />, root);
