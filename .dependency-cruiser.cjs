/** The layers of docs/ARCHITECTURE.md. Type-only imports may cross between download and install: a proof made in one is taken by the other. */
const vocabulary =
  '^src/(version|errors|config|load-config|quote|http|http-exchange|http-failure|progress|retry-delay|spent-buffers|durable|remove-tree|file-lock|native-calls)\\.ts$|^src/(bundle|image)/';
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '^src/index\\.ts$' },
      to: {},
    },
    {
      name: 'vocabulary-knows-nobody',
      severity: 'error',
      from: { path: vocabulary },
      to: { path: '^src/', pathNot: vocabulary },
    },
    {
      name: 'manifest-is-pure',
      severity: 'error',
      from: { path: '^src/manifest/' },
      to: { path: '^src/', pathNot: ['^src/manifest/', vocabulary] },
    },
    {
      name: 'steps-do-not-import-each-other',
      severity: 'error',
      from: { path: '^src/(check|download|install)/' },
      to: {
        path: '^src/(check|download|install|updater|electron|renderer|release|server|lab|cli)/|^src/updater\\.ts$',
        pathNot: '^src/$1/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'updater-is-below-its-users',
      severity: 'error',
      from: {
        path: '^src/updater/|^src/(index|updater|updater-\\w+|run-check|prepare-update|polling|state)\\.ts$',
      },
      to: { path: '^src/(electron|renderer|release|server|lab|cli)/' },
    },
    {
      name: 'texts-know-the-vocabulary-alone',
      severity: 'error',
      from: { path: '^src/texts/' },
      to: { path: '^src/', pathNot: ['^src/texts/', vocabulary] },
    },
    {
      name: 'the-window-knows-its-contract-alone',
      severity: 'error',
      from: { path: '^src/renderer/' },
      to: {
        path: '^src/',
        pathNot: [
          '^src/(renderer|texts)/',
          '^src/(errors|config)\\.ts$',
          '^src/electron/window-(contract|schema)\\.ts$',
        ],
      },
    },
    {
      name: 'the-window-needs-no-node',
      severity: 'error',
      from: { path: '^src/(renderer|texts)/|^src/electron/window-(contract|schema)\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'the-report-page-needs-no-node',
      severity: 'error',
      from: { path: '^src/lab/report/page/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      // Types of the report are gone at run time; what runs in the page is pure.
      name: 'the-report-page-knows-the-report-alone',
      severity: 'error',
      from: { path: '^src/lab/report/page/' },
      to: {
        path: '^src/',
        pathNot: ['^src/lab/report/page/', '^src/manifest/release-date\\.ts$'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'release-and-server-never-import-the-client',
      severity: 'error',
      from: { path: '^src/(release|server)/' },
      to: { path: '^src/(check|download|install|updater|electron|renderer|lab)/|^src/updater\\.ts$' },
    },
    {
      name: 'the-app-ships-no-tools',
      severity: 'error',
      from: { path: '^src/(electron|renderer|texts)/' },
      to: { path: '^src/(cli|lab|release|server)/' },
    },
    {
      name: 'only-electron-imports-electron',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/electron/' },
      to: {
        path: '^(electron|electron-updater)(/|$)|node_modules/(electron|electron-updater)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      // Its types are a contract that ours is held to; they are gone at run time.
      name: 'types-of-electron-updater-in-the-contract-only',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/(electron/|updater/(contract|events|cancellation)\\.ts$)',
      },
      to: { path: '^(electron|electron-updater)(/|$)|node_modules/(electron|electron-updater)/' },
    },
    {
      name: 'only-install-runs-programs',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(install|electron|cli|lab)/' },
      to: { path: '^(node:)?child_process$' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
