import { AWS_WORLD } from '../world.ts';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Long-term access keys of the seeded IAM users. `bot` and `worker` write the log; only `worker` may assume the worker
 * role; `auditor` reads the log; `admin` is somebody else in the account, who may do anything.
 */
export const SANDBOX_CREDENTIALS = {
  bot: { accessKeyId: 'AKIASANDBOX00000BOT1', secretAccessKey: 'sandbox-bot-secret' },
  worker: { accessKeyId: 'AKIASANDBOX000WORKER', secretAccessKey: 'sandbox-worker-secret' },
  auditor: { accessKeyId: 'AKIASANDBOX00AUDITOR', secretAccessKey: 'sandbox-auditor-secret' },
  admin: { accessKeyId: 'AKIASANDBOX0000ADMIN', secretAccessKey: 'sandbox-admin-secret' },
} as const satisfies Record<string, AccessKey>;

/** Who signed a request. */
export interface Caller {
  readonly arn: string;
  readonly account: string;
  /** `user/<name>` or `role/<name>`: what the policies below are attached to. */
  readonly principal: string;
  /** ARN of the role for an assumed role, of the user otherwise. */
  readonly identityArn: string;
  readonly userId: string;
  /** Absent for what an AWS service does under a role. */
  readonly accessKeyId?: string;
}

export function userCaller(name: string, accessKeyId: string): Caller {
  const arn = `arn:aws:iam::${AWS_WORLD.account}:user/${name}`;
  return {
    arn,
    account: AWS_WORLD.account,
    principal: `user/${name}`,
    identityArn: arn,
    userId: accessKeyId,
    accessKeyId,
  };
}

/** `sessionName` is what the role's user calls the session; the scheduler uses its own. */
export function roleCaller(roleArn: string, sessionName: string, accessKeyId?: string): Caller {
  const match = /^arn:aws:iam::(\d{12}):role\/(.+)$/.exec(roleArn);
  const [account, name] = [match?.[1] ?? AWS_WORLD.account, match?.[2] ?? roleArn];
  return {
    arn: `arn:aws:sts::${account}:assumed-role/${name}/${sessionName}`,
    account,
    principal: `role/${name}`,
    identityArn: roleArn,
    userId: `AROASANDBOX000000000:${sessionName}`,
    ...(accessKeyId !== undefined && { accessKeyId }),
  };
}

/** Somebody else in the account, who works by hand: no key of theirs is handed out. */
export function somebodyElse(): Caller {
  return userCaller(AWS_WORLD.somebodyElse.user, 'AKIASANDBOX000BYHAND');
}

/** The seeded roles, and who their trust policy lets in. */
export const ROLE_TRUST: Readonly<Record<string, readonly string[]>> = {
  [AWS_WORLD.roles.worker]: ['user/worker', 'user/admin'],
  [AWS_WORLD.roles.switch]: ['scheduler.amazonaws.com'],
};

/** The only roles that the worker may hand to the scheduler (iam:PassRole). */
export const PASSABLE_ROLES: readonly string[] = [AWS_WORLD.roles.switch];

const READ_LOG = ['s3:Get*', 's3:Head*', 's3:List*'];
const WRITE_LOG = [...READ_LOG, 's3:PutObject'];

/** Which keys it may use is said by the policies of the keys. */
const SIGN = ['kms:GetPublicKey', 'kms:Sign'];

/** Identity policies, by API action name (IAM's own names differ for some S3 actions); `*` ends a prefix. */
const POLICIES: Readonly<Record<string, readonly string[]>> = {
  'user/bot': ['sts:GetCallerIdentity', ...SIGN, ...WRITE_LOG],
  'user/worker': ['sts:GetCallerIdentity', 'sts:AssumeRole', 'ec2:Describe*', ...SIGN, ...WRITE_LOG],
  'user/auditor': ['sts:GetCallerIdentity', 'ec2:Describe*', 'cloudtrail:LookupEvents', ...READ_LOG],
  'user/admin': ['*'],
  [`user/${AWS_WORLD.somebodyElse.user}`]: ['*'],
  'role/breakglass-worker': [
    'sts:GetCallerIdentity',
    'ec2:Describe*',
    'ec2:AuthorizeSecurityGroupIngress',
    'ec2:RevokeSecurityGroupIngress',
    'ec2:CreateTags',
    'ec2:CreateNetworkAclEntry',
    'ec2:DeleteNetworkAclEntry',
    'cloudtrail:LookupEvents',
    'logs:FilterLogEvents',
    'scheduler:*',
    'acm:*',
    ...WRITE_LOG,
  ],
  'role/breakglass-switch': [
    'ec2:RevokeSecurityGroupIngress',
    'ec2:DeleteNetworkAclEntry',
    'sqs:SendMessage',
  ],
};

/** Whether the caller's policy allows `service:Action`; conditions on tags are checked by the action itself. */
export function isAllowed(caller: Caller, action: string): boolean {
  const allowed = POLICIES[caller.principal] ?? [];
  return allowed.some((entry) =>
    entry.endsWith('*') ? action.startsWith(entry.slice(0, -1)) : entry === action,
  );
}

/** May do anything: conditions on tags do not bind it. */
export function isAdmin(caller: Caller): boolean {
  return POLICIES[caller.principal]?.includes('*') ?? false;
}
