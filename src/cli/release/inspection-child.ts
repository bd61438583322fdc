/** Looks into the file that is open as descriptor 3, for `inspectInChild`. */
import { UpdateError } from '../../errors.ts';
import { type ArtifactName, inspectArtifact } from '../../release/inbox/inspect-artifact.ts';
import type { InspectionAnswer } from './inspect-in-child.ts';

async function inspect(name: ArtifactName): Promise<InspectionAnswer> {
  try {
    return { inspection: await inspectArtifact(name, '/dev/fd/3') };
  } catch (error) {
    if (!(error instanceof UpdateError)) throw error;
    const { code, message, details } = error;
    return { refusal: { code, message, details } };
  }
}

process.send?.(await inspect(process.argv[2] === 'Nexy.pkg' ? 'Nexy.pkg' : 'Nexy.dmg'));
process.disconnect();
