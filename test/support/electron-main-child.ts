import { registerHooks } from 'node:module';

// The client's own main with the tests' stand-in in the place of electron: node electron-main-child.ts [arguments].
// What main is given is what this process is given.

const STAND_IN = new URL('./electron-module-child.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron'
      ? { url: STAND_IN, shortCircuit: true, format: 'module-typescript' }
      : next(specifier, context),
});
await import('../../src/electron/main.ts');
