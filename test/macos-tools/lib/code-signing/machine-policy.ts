import { type Machine, readMachine } from '../tool.ts';

/** What else a machine.json may say: `"assessments": "disabled"` switches Gatekeeper off. */
type MachineWithPolicy = Machine & { readonly assessments?: 'enabled' | 'disabled' };

/** Whether the pretended machine judges software at all; it does unless its machine.json says otherwise. */
export function areAssessmentsEnabled(): boolean {
  const machine: MachineWithPolicy = readMachine();
  return machine.assessments !== 'disabled';
}

let roots: ReadonlySet<string> | null = null;

/** Certificates that stand for Apple's roots on the pretended machine; tests make certificates of their own. */
export function pretendedAppleRoots(): ReadonlySet<string> {
  roots ??= new Set(readMachine().appleRoots ?? []);
  return roots;
}
