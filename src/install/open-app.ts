import { resolve } from 'node:path';
import { outputOf, type Tools } from './tools.ts';

/**
 * Opens an app as the Finder would.
 *
 * @returns why it could not be opened, or null
 */
export async function openApp(app: string, tools: Tools): Promise<string | null> {
  const result = await tools.run('open', [resolve(app)], { timeout: 60_000 });
  return result.status === 0 ? null : outputOf(result);
}
