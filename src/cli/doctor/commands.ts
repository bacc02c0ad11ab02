import type { Register } from '../io.ts';

const AFTER = `
Looks at the bucket of BREAKGLASS_LOG_BUCKET and changes nothing. Run it with the credentials of each role: it tries what that
role may and may not do, in ways that can do no harm. With --read-only it leaves that out, for an auditor's credentials.
Besides the role's own permissions it takes s3:GetBucketPolicy, s3:GetBucketPublicAccessBlock and s3:GetObjectRetention.

Exit codes: 0 all is well · 1 something has to be changed · 2 usage or configuration · 3 something could not be looked at`;

export const doctorCommands: Register = (program, io, end) => {
  program
    .command('doctor')
    .description('Check that the log bucket holds what is written to it, and say what to change')
    .option('--read-only', 'these credentials only read: leave out what a role of ours must be able to do')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', AFTER)
    .action(async ({ readOnly, json }: { readOnly?: true; json?: true }) => {
      const { doctor } = await import('./doctor.ts');
      end(await doctor({ readOnly: readOnly === true, json: json === true }, io));
    });
};
