import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeSchemas } from '../../../scripts/write-lab-schemas.ts';
import { REPOSITORY } from '../../support/fixtures.ts';

const FOLDER = join(REPOSITORY, 'resources', 'lab');

function checkedIn(kind: string): object {
  return JSON.parse(readFileSync(join(FOLDER, `${kind}.schema.json`), 'utf8'));
}

it('what is checked in is what scripts/write-lab-schemas.ts writes', () => {
  for (const [name, schema] of makeSchemas()) {
    expect(JSON.parse(readFileSync(join(FOLDER, name), 'utf8')), name).toEqual(schema);
  }
});

describe.each(['offer', 'host', 'client', 'scenario'])('%s.schema.json', (kind) => {
  const folder = join(FOLDER, `${kind}s`);
  const validate = new Ajv({ allErrors: true, strictTypes: false }).compile(checkedIn(kind));

  it.each(readdirSync(folder))('holds for %s', (file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    validate(parse(text));
    expect(validate.errors).toBeNull();
    // What an editor finds the schema by.
    expect(text.split('\n')[0]).toBe(`# yaml-language-server: $schema=../${kind}.schema.json`);
  });

  it('does not hold for a key that nobody knows', () => {
    const [file = ''] = readdirSync(folder);
    const document = parse(readFileSync(join(folder, file), 'utf8'));
    expect(validate({ ...document, colour: 'red' })).toBe(false);
  });
});
