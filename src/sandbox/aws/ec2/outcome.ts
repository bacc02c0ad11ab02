import { AwsError } from '../error.ts';
import type { CallContext } from '../service.ts';

/** What a permitted call with DryRun is answered with. */
export function dryRun(): AwsError {
  return new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
}

export function unauthorized({ caller }: CallContext, action: string): AwsError {
  return new AwsError(
    'UnauthorizedOperation',
    `You are not authorized to perform this operation. User: ${caller.arn} is not authorized to perform: ec2:${action}`,
    403,
  );
}
