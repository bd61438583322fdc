/** Prints the authority that the user who runs this has over an app, or the code of the refusal. */
import { asUpdateError } from '../../src/errors.ts';
import { layoutOf } from '../../src/install/layout.ts';
import { readAuthority } from '../../src/install/preflight.ts';

const layout = await layoutOf(process.argv[2] ?? '');
console.log(await readAuthority(layout).catch((error: unknown) => asUpdateError(error).code));
