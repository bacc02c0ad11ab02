import { GetBucketPolicyCommand, type S3Client } from '@aws-sdk/client-s3';

import { BucketPolicy, type Condition } from './bucket-policy.ts';
import { nameOf } from './errors.ts';
import { bad, ok, unasked, type Finding } from './finding.ts';
import { timeLimit } from './time-limit.ts';

const READ_MS = 10_000;
const DAYS = 's3:object-lock-remaining-retention-days';
/** Writing a locked object takes the first, changing its lock the second. */
const LOCKING = ['s3:PutObject', 's3:PutObjectRetention'];

export type PolicyOptions = {
  readonly bucket: string;
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string;
  readonly retainDays: number | undefined;
};

/** The bucket's policy, by its structure: what it must deny to everybody, administrators included. */
export async function checkBucketPolicy(client: S3Client, options: PolicyOptions): Promise<Finding[]> {
  const check = 'bucket policy';
  try {
    const command = new GetBucketPolicyCommand({ Bucket: options.bucket });
    const { Policy = '' } = await client.send(command, timeLimit(READ_MS));
    const policy = BucketPolicy.parse(Policy);
    if (policy === undefined)
      return [{ check, status: 'unknown', text: 'it is in a form that this version does not read' }];
    return judged(policy, options);
  } catch (error) {
    if (nameOf(error) === 'NoSuchBucketPolicy')
      return [bad(check, 'there is none', 'put the policy of docs/log-bucket.md on the bucket')];
    return [unasked(check, error, 's3:GetBucketPolicy')];
  }
}

function judged(policy: BucketPolicy, { bucket, partition, retainDays }: PolicyOptions): Finding[] {
  const own = `arn:${partition}:s3:::${bucket}`;
  const objects = `${own}/log/0000000000000001`;
  const denied = (check: string, actions: readonly string[], resource: string): Finding => {
    const missing = actions.filter((action) => !policy.denies(action, resource));
    if (missing.length === 0) return ok(check, `${actions.join(', ')} denied to everybody`);
    const list = missing.join(', ');
    return bad(check, `${list} not denied`, `deny ${list} to everybody, without a condition`);
  };
  const bucketActions = [
    's3:PutBucketVersioning',
    's3:PutBucketObjectLockConfiguration',
    's3:PutLifecycleConfiguration',
  ];
  return [
    denied('policy: deletion', ['s3:DeleteObject', 's3:DeleteObjectVersion'], objects),
    denied('policy: bypass', ['s3:BypassGovernanceRetention'], objects),
    denied('policy: bucket', bucketActions, own),
    compliance(LOCKING.map((action) => policy.deniesIf(action, objects))),
    creation(policy.deniesIf('s3:PutObject', objects)),
    bounds(
      LOCKING.map((action) => policy.deniesIf(action, objects)),
      retainDays,
    ),
    transport([
      policy.deniesIf('s3:GetObject', objects),
      policy.deniesIf('s3:PutObject', objects),
      policy.deniesIf('s3:ListBucket', own),
    ]),
  ];
}

/** For each action its conditions; a rule holds when every action has one that is it. */
type Conditions = readonly (readonly Condition[])[];

function compliance(all: Conditions): Finding {
  const check = 'policy: mode';
  const isIt = ({ operator, key, values }: Condition): boolean =>
    operator === 'StringNotEquals' && is(key, 's3:object-lock-mode') && values.join() === 'COMPLIANCE';
  return all.every((conditions) => conditions.some(isIt))
    ? ok(check, 'any lock but COMPLIANCE denied to everybody')
    : bad(
        check,
        'objects can be written without a lock in compliance mode',
        `deny ${LOCKING.join(' and ')} where s3:object-lock-mode StringNotEquals COMPLIANCE`,
      );
}

/** S3 user guide, "Enforce conditional writes on Amazon S3 buckets". */
function creation(conditions: readonly Condition[]): Finding {
  const check = 'policy: versions';
  const isIt = ({ operator, key, values }: Condition): boolean =>
    operator === 'Null' && is(key, 's3:if-none-match') && values.join() === 'true';
  return conditions.some(isIt)
    ? ok(check, 'a second version of an object denied to everybody')
    : bad(
        check,
        'whoever writes can lay a second version over an object',
        'deny s3:PutObject where Null s3:if-none-match is true',
      );
}

function bounds(all: Conditions, retainDays: number | undefined): Finding {
  const check = 'policy: days';
  const [least, most] = [limits(all, 'NumericLessThan'), limits(all, 'NumericGreaterThan')];
  const fix = `deny ${LOCKING.join(' and ')} where ${DAYS} is below and above what you want`;
  if (least === undefined || most === undefined)
    return bad(
      check,
      `${most === undefined ? 'an upper' : 'a lower'} bound of the retention is missing`,
      fix,
    );
  const found = `from ${least} to ${most} days`;
  if (retainDays === undefined)
    return {
      check,
      status: 'unknown',
      text: `${found}; compared with nothing`,
      fix: 'set BREAKGLASS_LOG_RETAIN_DAYS',
    };
  // A new object has a moment less than its days left when S3 looks.
  if (least >= retainDays || most < retainDays)
    return bad(
      check,
      `${found}: BREAKGLASS_LOG_RETAIN_DAYS=${retainDays} is refused`,
      `let the lower bound be less than ${retainDays}, and the upper one no less`,
    );
  return ok(check, `${found}, ${retainDays} are asked for`);
}

/** The bound that holds for every action; of several the strictest is what counts. */
function limits(all: Conditions, operator: 'NumericLessThan' | 'NumericGreaterThan'): number | undefined {
  const strictest = operator === 'NumericLessThan' ? Math.max : Math.min;
  const each = all.map((conditions) =>
    conditions
      .filter((condition) => condition.operator === operator && is(condition.key, DAYS))
      .flatMap(({ values }) => values.map(Number))
      .filter((days) => Number.isFinite(days)),
  );
  return each.some((days) => days.length === 0) ? undefined : strictest(...each.flat());
}

function transport(all: Conditions): Finding {
  const check = 'policy: TLS';
  const isIt = ({ operator, key, values }: Condition): boolean =>
    operator === 'Bool' && is(key, 'aws:SecureTransport') && values.join() === 'false';
  return all.every((conditions) => conditions.some(isIt))
    ? ok(check, 'requests without TLS denied to everybody')
    : bad(check, 'requests without TLS are not denied', 'deny s3:* where aws:SecureTransport is false');
}

/** Names of condition keys have no case. */
const is = (key: string, name: string): boolean => key.toLowerCase() === name.toLowerCase();
