import Visitor from '@swc/core/Visitor.js';

// TypeScript 7 has no compiler API for dependency-cruiser, so swc parses, which shows type imports as well. Its visitor
// does not know `using` declarations yet: they hold expressions like any other declaration.
const visitStatement = Visitor.Visitor.prototype.visitStatement;
Visitor.Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
  statement.decls = this.visitVariableDeclarators(statement.decls);
  return statement;
};

/** Folders of src/ that one folder may import, besides itself. Everything else in src/ is refused. */
const MAY_IMPORT = {
  log: [],
  domain: [],
  ports: ['domain', 'log'],
  lifecycle: ['domain', 'log', 'ports'],
  evidence: ['domain', 'log', 'ports'],
  observability: ['domain'],
  aws: ['domain', 'log', 'ports', 'observability'],
  certificates: ['domain', 'log', 'ports', 'observability'],
  incidents: ['domain', 'log', 'ports', 'observability'],
  queue: ['domain', 'log', 'ports', 'observability', 'lifecycle'],
  http: ['domain', 'log', 'ports', 'observability', 'lifecycle'],
  slack: ['domain', 'log', 'ports', 'observability'],
  config: ['domain', 'log', 'ports'],
  sandbox: [],
};

/** Of slack/ only what listens may start something. */
const INBOUND_ONLY = {
  name: 'slack-calls-lifecycle-only-from-listeners',
  severity: 'error',
  comment: 'Cards and directory answer; only what comes in may call the lifecycle.',
  from: { path: '^src/slack/', pathNot: '^src/slack/listeners/' },
  to: { path: '^src/lifecycle/' },
};

/** Whose SDK may be imported where. Sandbox, tests and benchmarks speak protocols and stand outside. */
const SDKS = [
  { name: 'slack', owners: 'slack', packages: ['@slack/.*'] },
  { name: 'redis', owners: 'queue', packages: ['bullmq', 'ioredis'] },
  { name: 'aws', owners: 'aws', packages: ['@aws-sdk/.*', '@smithy/.*'] },
  { name: 'x509', owners: 'certificates', packages: ['@peculiar/.*', 'reflect-metadata'] },
  { name: 'metrics', owners: 'observability|http', packages: ['prom-client'] },
  { name: 'logger', owners: 'observability', packages: ['pino'] },
  { name: 'yaml', owners: 'config', packages: ['yaml'] },
  { name: 'commands', owners: 'cli', packages: ['commander'] },
];

const folder = (names) => `^src/(${names})/`;
const npmPackage = (names) => `(^|/)node_modules/(${names.join('|')})(/|$)`;

const folders = Object.entries(MAY_IMPORT).map(([name, others]) => ({
  name: `folders-${name}`,
  severity: 'error',
  comment: `src/${name} may import ${[name, ...others].join(', ')} and no other folder of ours.`,
  from: { path: folder(name) },
  to: {
    path: '^(src|scripts|test|bench|bin)/',
    pathNot: [folder([name, ...others].join('|')), ...(name === 'slack' ? [folder('lifecycle')] : [])],
  },
}));

const sdks = SDKS.map(({ name, owners, packages }) => ({
  name: `sdk-${name}`,
  severity: 'error',
  comment: `Only src/(${owners}) may import ${packages.join(', ')}.`,
  from: { path: '^(src|bin)/', pathNot: folder(`${owners}|sandbox`) },
  to: { path: npmPackage(packages) },
}));

/** The pure core: a clock, a disk or a network there would be an effect outside a port. */
const pure = {
  name: 'pure-core',
  severity: 'error',
  comment:
    'domain, log and lifecycle are pure or reach the world through ports; node:crypto, node:buffer and node:zlib compute.',
  // The one store that the log brings itself: a folder, such as a downloaded bucket.
  from: { path: folder('domain|log|lifecycle'), pathNot: '^src/log/folder-store\\.ts$' },
  to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|net|util|url|events|zlib|stream)(/|$)' },
};

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...folders,
    INBOUND_ONLY,
    ...sdks,
    pure,
    {
      name: 'nothing-imports-test',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
    {
      name: 'scripts-know-programs-only',
      severity: 'error',
      comment: 'Scripts run before there is a build; what they share with the product is plain JavaScript.',
      from: { path: '^scripts/' },
      to: { path: '^(src|dist)/', pathNot: '^(src|dist)/sandbox/programs/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'Nothing imports it and it imports nothing.',
      from: { orphan: true, path: '^src/', pathNot: '^src/sandbox/page/|\\.d\\.(m|c)?ts$' },
      to: {},
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '/dist/' } },
    {
      name: 'declared',
      severity: 'error',
      comment: 'Ships with the product, so it belongs in dependencies.',
      from: { path: '^(src|bin)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'npm-optional'] },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
    cache: false,
  },
};
