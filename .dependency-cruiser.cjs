// Which room may import which: arrows point down this list only. A room's own files may import each other.
const rooms = {
  domain: [],
  clock: [],
  telemetry: ['domain'],
  traces: ['domain'],
  store: ['domain'],
  slurm: ['domain', 'clock', 'traces'],
  link: ['domain'],
  sandbox: ['domain'],
  runtimes: ['domain'],
  entities: ['domain', 'store', 'runtimes'],
  dispatch: ['domain', 'clock', 'store', 'link'],
  compose: ['domain', 'clock', 'store', 'entities', 'dispatch'],
  accounts: ['domain', 'clock', 'store'],
  system: ['domain', 'clock', 'store', 'entities', 'dispatch', 'compose', 'accounts'],
  invoker: ['domain', 'clock', 'sandbox', 'runtimes', 'link'],
  pilots: ['domain', 'clock', 'slurm'],
  api: ['domain', 'clock', 'store', 'entities', 'dispatch', 'compose', 'accounts', 'system', 'runtimes', 'telemetry'],
  client: ['domain'],
  testbed: ['domain', 'clock', 'slurm'],
  collect: ['domain', 'clock', 'slurm', 'traces'],
  simulator: ['domain', 'clock', 'traces', 'slurm', 'link', 'dispatch', 'invoker', 'pilots'],
  experiments: ['domain', 'clock', 'traces', 'slurm', 'pilots', 'testbed', 'dispatch', 'simulator'],
};
// Rooms above that see a port only: the file on top, none of its backends.
const portOnly = [
  { from: 'dispatch', room: 'store', port: 'store' },
  ...['entities', 'compose', 'accounts', 'system', 'api'].map((from) => ({ from, room: 'store', port: 'store' })),
  ...['compose', 'system', 'api'].map((from) => ({ from, room: 'dispatch', port: 'dispatch' })),
  { from: 'dispatch', room: 'link', port: '(link|messages)' },
  { from: 'invoker', room: 'link', port: '(link|messages)' },
  { from: 'invoker', room: 'sandbox', port: 'sandbox' },
  { from: 'pilots', room: 'slurm', port: '(slurm|host-list|states)' },
  { from: 'simulator', room: 'link', port: '(link|messages)' },
  // What an invoker keeps in its books, without what it starts and runs.
  { from: 'simulator', room: 'invoker', port: '(container-pool|held-activations)' },
];

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: '(\\.test\\.ts|\\.d\\.ts)$' }, to: {} },
    {
      name: 'no-undeclared-packages', severity: 'error', from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    {
      name: 'no-dev-packages-in-the-program', severity: 'error',
      from: { path: '^src/', pathNot: '(\\.test\\.ts$|/conformance/)' }, to: { dependencyTypes: ['npm-dev'] },
    },
    ...Object.entries(rooms).map(([room, allowed]) => ({
      name: `room-${room}`, severity: 'error',
      from: { path: `^src/${room}/`, pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
    })),
    ...portOnly.map(({ from, room, port }) => ({
      name: `${from}-sees-the-port-of-${room}`, severity: 'error',
      // A room's entry point puts the backends in.
      from: { path: `^src/${from}/`, pathNot: '(\\.test|/main)\\.ts$' },
      to: { path: `^src/${room}/`, pathNot: `^src/${room}/${port}\\.ts$` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    // Exists under this name only, which the tool's own list leaves out.
    builtInModules: { add: ['node:sqlite'] },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
