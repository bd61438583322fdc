import type { ContractRow } from '../contract.ts';

export const rows: readonly ContractRow[] = [
  {
    tool: 'sync',
    name: 'sync',
    arguments: () => [],
    status: 0,
    source: 'sync(8)',
    runsOn: 'both',
  },
];
