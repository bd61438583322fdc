import { type BuildPlan, buildPlan } from './build-plan.ts';

/** The 33-byte text file that manifests offered from autumn 2025 on, at addresses of three hosts: its `artifact.sha256`. */
export const OFFERED_TEXT_SHA256 = '82563569ade22e35d4344ab9e2aa31028c0b39766d2dd76c18ae0d8f0a7aca31';

/** What stands for it, wherever it is offered: a text file has no version of its own. */
export const OFFERED_TEXT: BuildPlan = buildPlan('2.6.0', { kind: 'text' });
