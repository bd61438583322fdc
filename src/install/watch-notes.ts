import { join } from 'node:path';

/** Where the new version leaves its word for whoever watches over an install, below the state folder. */
export function watchFolder(stateFolder: string): string {
  return join(stateFolder, 'watch');
}
