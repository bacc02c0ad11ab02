import { AwsError } from '../error.ts';
import type { Caller } from '../identities.ts';

/** One request as a policy sees it. */
export interface Asked {
  readonly caller: Caller;
  /** IAM's names, such as `s3:DeleteObjectVersion`; one call may need several. */
  readonly actions: readonly string[];
  readonly resource: string;
  /** Condition keys that the request has. */
  readonly context: Readonly<Record<string, string>>;
}

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

type Holds = (value: string | undefined, wanted: readonly string[]) => boolean;

/** IAM user guide, "Condition operators": a negated one holds for a key that is not there, the others do not. */
const OPERATORS: Readonly<Record<string, Holds>> = {
  StringEquals: (value, wanted) => value !== undefined && wanted.includes(value),
  StringNotEquals: (value, wanted) => value === undefined || !wanted.includes(value),
  ArnNotLike: (value, wanted) => value === undefined || !wanted.some((pattern) => isLike(pattern, value)),
  ArnNotEquals: (value, wanted) => value === undefined || !wanted.some((pattern) => isLike(pattern, value)),
  NumericLessThan: (value, [limit]) => value !== undefined && Number(value) < Number(limit),
  NumericGreaterThan: (value, [limit]) => value !== undefined && Number(value) > Number(limit),
  Bool: (value, [wanted]) => value !== undefined && value === wanted,
  Null: (value, [wanted]) => (value === undefined) === (wanted === 'true'),
};

/** Throws MalformedPolicy for what is not played here. */
export function checkPolicyText(text: string): void {
  for (const { Condition = {} } of statementsOf(text)) {
    const unknown = Object.keys(Condition).find((operator) => !Object.hasOwn(OPERATORS, operator));
    if (unknown !== undefined) throw malformed(`the condition operator ${unknown} is not played here`);
  }
}

/** Throws AccessDenied where a Deny statement covers the request. What a bucket policy allows is not looked at. */
export function checkBucketPolicy(text: string | undefined, asked: Asked): void {
  if (text === undefined) return;
  const denied = asked.actions.find((action) =>
    statementsOf(text).some((statement) => isDenied(statement, action, asked)),
  );
  if (denied === undefined) return;
  throw new AwsError(
    'AccessDenied',
    `User: ${asked.caller.arn} is not authorized to perform: ${denied} on resource: "${asked.resource}" ` +
      'with an explicit deny in a resource-based policy',
    403,
  );
}

function isDenied(
  { Effect, Action, Resource, Condition = {} }: Statement,
  action: string,
  asked: Asked,
): boolean {
  const context: Readonly<Record<string, string>> = {
    ...asked.context,
    // The loopback interface stands for the way to AWS, which is encrypted.
    'aws:SecureTransport': 'true',
    'aws:PrincipalArn': asked.caller.identityArn,
  };
  return (
    Effect === 'Deny' &&
    list(Action).some((pattern) => isLike(pattern, action)) &&
    list(Resource).some((pattern) => isLike(pattern, asked.resource)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => OPERATORS[operator]?.(context[key], list(wanted))),
    )
  );
}

function statementsOf(text: string): readonly Statement[] {
  try {
    const { Statement: statements } = JSON.parse(text) as { Statement?: Statement | readonly Statement[] };
    if (statements !== undefined) return 'Effect' in statements ? [statements] : statements;
  } catch {
    throw malformed("Policies must be valid JSON and the first byte must be '{'");
  }
  throw malformed('Missing required field Statement');
}

const list = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value;

/** `*` stands for any text, in names of actions whatever their case. */
function isLike(pattern: string, value: string): boolean {
  const star = pattern.indexOf('*');
  const [small, wanted] = [value.toLowerCase(), pattern.toLowerCase()];
  // Every call comes through here, and almost no pattern needs more.
  if (star < 0) return small === wanted;
  if (star === pattern.length - 1) return small.startsWith(wanted.slice(0, star));
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(value);
}

const malformed = (why: string): AwsError => new AwsError('MalformedPolicy', why);
