import type { Decision, Facts } from '../check/decide.ts';
import type { Assessment } from '../manifest/assess.ts';
import type { QaModel, QaRequest } from './window-contract.ts';

/** What a check came to, with the keys of the contract and no others. */
export function describeCheck(
  { findings, candidates }: Assessment,
  { action, reason, message }: Decision,
): Pick<QaModel, 'decision' | 'findings' | 'candidates'> {
  return {
    decision: { action, reason, message },
    findings: findings.map(({ code, severity, message: text }) => ({ code, severity, message: text })),
    candidates: candidates.map(({ url, kind }) => ({ url, kind })),
  };
}

/** Every fact by its name, as the decision saw it, for QA and for reports. */
export function describeFacts(facts: Facts, request: QaRequest | null): QaModel['facts'] {
  const pretended: Partial<Readonly<Record<keyof Facts, boolean>>> = {
    currentVersion: request?.currentVersion != null,
    macosVersion: request?.osVersion != null,
    rolloutBucket: request?.bucket != null || request?.passesOver.rollout === true,
    skippedVersion: request?.passesOver.skip === true,
  };
  const names = Object.keys(facts) as (keyof Facts)[];
  return names.map((name) => ({
    name,
    value: describeValue(facts[name]),
    pretended: pretended[name] ?? false,
  }));
}

function describeValue(value: Facts[keyof Facts]): string {
  if (value === null) return '–';
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return JSON.stringify(value);
  return typeof value === 'object' && 'text' in value ? value.text : String(value);
}
