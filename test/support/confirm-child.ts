/** Confirms an update as whoever runs this: confirm-child.ts <app> <state folder> */
import { asUpdateError } from '../../src/errors.ts';
import { confirmUpdate } from '../../src/install/confirm.ts';
import { layoutOf } from '../../src/install/layout.ts';

const [app = '', stateFolder = ''] = process.argv.slice(2);
const layout = await layoutOf(app);
const outcome = await confirmUpdate(layout, () => new Date(), stateFolder).catch(
  (error: unknown) => asUpdateError(error).code,
);
console.log(JSON.stringify(outcome));
