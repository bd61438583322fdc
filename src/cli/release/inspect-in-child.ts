import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, type ErrorDetails, UpdateError } from '../../errors.ts';
import type { ArtifactInspection, ArtifactName } from '../../release/inbox/inspect-artifact.ts';

export type InspectionAnswer =
  | { readonly inspection: ArtifactInspection }
  | {
      readonly refusal: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly details: ErrorDetails;
      };
    };

/**
 * Looks into an open file in a process of its own: 7-Zip's compiled code and what it unpacks take some 60 MB that a
 * process does not give back, and the one that uploads is to stay small. A file that 7-Zip chokes on ends that process
 * alone.
 *
 * @param descriptor of the open file
 * @throws as `inspectArtifact` does; UpdateError `cancelled`
 */
export async function inspectInChild(
  name: ArtifactName,
  descriptor: number,
  signal?: AbortSignal,
): Promise<ArtifactInspection> {
  const child = fork(scriptPath(), [name], {
    // What this process was started with (a debugger's port, say) is not for that one.
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', descriptor, 'ipc'],
    ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' as const }),
  });
  const words: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => words.push(chunk));
  let answer: InspectionAnswer | null = null;
  child.on('message', (message) => {
    answer = message as InspectionAnswer;
  });
  const ending = await new Promise<string>((fulfil, reject) => {
    child.on('error', (error) => (signal?.aborted ? fulfil('cancelled') : reject(error)));
    child.on('close', (status, killer) => fulfil(killer ?? `status ${status}`));
  });
  if (signal?.aborted)
    throw new UpdateError('cancelled', 'Cancelled while the files were looked into. Nothing was published.');
  return readAnswer(answer, `${ending} ${Buffer.concat(words).toString('utf8').trim()}`.trim());
}

/** The build has JavaScript beside this file. */
function scriptPath(): string {
  const path = fileURLToPath(new URL('./inspection-child.ts', import.meta.url));
  return import.meta.url.endsWith('.ts') ? path : path.replace(/\.ts$/, '.js');
}

function readAnswer(answer: InspectionAnswer | null, ending: string): ArtifactInspection {
  if (answer === null) return { isReadable: false, reason: `looking into it failed: ${ending}` };
  if ('inspection' in answer) return answer.inspection;
  const { code, message, details } = answer.refusal;
  throw new UpdateError(code, message, { details });
}
