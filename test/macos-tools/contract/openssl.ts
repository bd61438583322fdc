import type { ContractRow } from '../contract.ts';

export const rows: readonly ContractRow[] = [
  {
    tool: 'openssl',
    name: 'ends its line with the digest of its input',
    arguments: () => ['dgst', '-sha256'],
    input: 'abc',
    status: 0,
    stdout: /^\S+= ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n$/,
    source: 'openssl-dgst(1); the digest is that of FIPS 180-4, example "abc"',
    runsOn: 'both',
  },
];
