/** What the seeded log bucket refuses to everybody, in the shape of the policy that the product's documentation gives. */
export function logBucketPolicy(name: string): object {
  const bucket = `arn:aws:s3:::${name}`;
  const objects = `${bucket}/*`;
  const deny = (Sid: string, Action: string | string[], Resource: string | string[], Condition?: object) => ({
    Sid,
    Effect: 'Deny',
    Principal: '*',
    Action,
    Resource,
    ...(Condition && { Condition }),
  });
  const lock = ['s3:PutObject', 's3:PutObjectRetention'];
  const days = 's3:object-lock-remaining-retention-days';
  return {
    Version: '2012-10-17',
    Statement: [
      deny('NoPlainText', 's3:*', [bucket, objects], { Bool: { 'aws:SecureTransport': 'false' } }),
      deny('NoDeletion', ['s3:DeleteObject', 's3:DeleteObjectVersion'], objects),
      deny('NoBypass', 's3:BypassGovernanceRetention', objects),
      deny('NoOtherBucket', ['s3:PutBucketVersioning', 's3:PutBucketObjectLockConfiguration'], bucket),
      deny('NoExpiry', 's3:PutLifecycleConfiguration', bucket),
      deny('ComplianceOnly', lock, objects, { StringNotEquals: { 's3:object-lock-mode': 'COMPLIANCE' } }),
      deny('NoSecondVersion', 's3:PutObject', objects, { Null: { 's3:if-none-match': 'true' } }),
      deny('NotTooShort', lock, objects, { NumericLessThan: { [days]: '1' } }),
      deny('NotTooLong', lock, objects, { NumericGreaterThan: { [days]: '3650' } }),
    ],
  };
}
