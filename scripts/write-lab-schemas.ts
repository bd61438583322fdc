/**
 * Writes the JSON Schemas that editors check the lab's data files with:
 *
 *   node scripts/write-lab-schemas.ts && npx biome check --write resources/lab
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import { CLIENT_SCHEMA, HOST_SCHEMA, OFFER_SCHEMA, SCENARIO_SCHEMA } from '../src/lab/scenario/schema.ts';

const SCHEMAS = {
  offer: OFFER_SCHEMA,
  host: HOST_SCHEMA,
  client: CLIENT_SCHEMA,
  scenario: SCENARIO_SCHEMA,
};

/** By the name of the file in resources/lab: what people may write, so that what has a default may be left out. */
export function makeSchemas(): ReadonlyMap<string, JsonSchema> {
  return new Map(
    Object.entries(SCHEMAS).map(([kind, schema]) => {
      return [`${kind}.schema.json`, toJsonSchema(schema, { target: 'draft-07', typeMode: 'input' })];
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, schema] of makeSchemas()) {
    const text = `${JSON.stringify(schema, null, 2)}\n`;
    writeFileSync(new URL(`../resources/lab/${name}`, import.meta.url), text);
  }
}
