export type ConfigErrorCode = 'environment' | 'workflows';

const HEADLINE = {
  environment: 'The environment does not describe a deployment that can start',
  workflows: 'The workflow files cannot be used',
} as const satisfies Record<ConfigErrorCode, string>;

/** What keeps a command from starting: every problem at once, each naming where it is and what to change. Never a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigErrorCode;
  readonly problems: readonly string[];

  constructor(code: ConfigErrorCode, problems: readonly string[]) {
    super([`${HEADLINE[code]}:`, ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    this.code = code;
    this.problems = problems;
  }
}
