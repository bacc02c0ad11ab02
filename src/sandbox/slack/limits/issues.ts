import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/**
 * Words what is wrong the way Slack words it in `response_metadata.messages`:
 * `must be less than 3001 characters [json-pointer:/blocks/0/text/text]`.
 */
export function slackMessages(error: z.ZodError, root: string): string[] {
  return error.issues.map((issue) => `${reason(issue)} [json-pointer:${pointer(root, issue.path)}]`);
}

function pointer(root: string, path: readonly PropertyKey[]): string {
  return [root, ...path.map((segment) => String(segment).replaceAll('~', '~0').replaceAll('/', '~1'))].join(
    '/',
  );
}

function reason(issue: Issue): string {
  switch (issue.code) {
    case 'too_big':
      return issue.origin === 'string'
        ? `must be less than ${Number(issue.maximum) + 1} characters`
        : `no more than ${String(issue.maximum)} items allowed`;
    case 'too_small':
      return issue.origin === 'string'
        ? `must be more than ${Number(issue.minimum) - 1} characters`
        : `no less than ${String(issue.minimum)} items allowed`;
    case 'unrecognized_keys':
      return `invalid additional property: ${issue.keys.join(', ')}`;
    case 'invalid_type':
      return issue.input === undefined
        ? `missing required field: ${String(issue.path.at(-1) ?? '')}`
        : `must provide a ${issue.expected}`;
    case 'invalid_union':
      return 'unsupported type or missing `type`';
    default:
      return issue.message;
  }
}
