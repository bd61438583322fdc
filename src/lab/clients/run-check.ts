import { UpdateError } from '../../errors.ts';
import type { CheckResult } from './client.ts';

/** Ends a check of a model with what it comes to. */
export class CheckEnded extends Error {
  readonly result: CheckResult;

  constructor(result: CheckResult) {
    super(result.message);
    this.result = result;
  }
}

/** @param reason a code, or a model's own word */
export function endCheck(action: CheckResult['action'], reason: string, message: string): CheckEnded {
  return new CheckEnded({ action, reason, message });
}

/** Errors of ours make a failed check; any other is a fault of the lab and goes on. */
export async function runCheck(check: () => Promise<CheckResult>): Promise<CheckResult> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof CheckEnded) return error.result;
    if (error instanceof UpdateError) return { action: 'failed', reason: error.code, message: error.message };
    throw error;
  }
}
