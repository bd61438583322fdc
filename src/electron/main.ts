import * as electron from 'electron';
import { startNexy } from './nexy-app.ts';

// Not awaited: Electron is ready only once this module has been evaluated (electron#40719).
startNexy(electron).catch((error: unknown) => {
  console.error(error);
});
