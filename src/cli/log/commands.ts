import { InvalidArgumentError, Option } from 'commander';
import type { Role } from '../../log/types.ts';
import { CommandError, EXIT, type Register } from '../io.ts';
import type { ExportOptions } from './export.ts';
import type { VerifyOptions } from './verify.ts';

const FOLDER = ['--folder <dir>', 'a downloaded log instead of the bucket in the environment'] as const;
const SINCE = ['--since <time>', 'records from then on: 2026-03-01 or 2026-03-01T12:00:00Z'] as const;
const UNTIL = ['--until <time>', 'records before then'] as const;
const JSON_OUTPUT = ['--json', 'print the result as JSON'] as const;

type ExportFlags = Omit<ExportOptions, 'form'> & { csv?: true; ndjson?: true };

export const logCommands: Register = (program, io, end) => {
  const log = program
    .command('log')
    .description('Read and verify the log, in the bucket of BREAKGLASS_LOG_BUCKET or in a folder');

  log
    .command('verify')
    .description(
      'Verify every record, signature and checkpoint from the first commit to the last; exit 1 on any doubt',
    )
    .option(...FOLDER)
    .option('--bot-key <vkey>', 'verifier key of the bot that the log was begun with')
    .option('--worker-key <vkey>', 'verifier key of the worker that it was begun with')
    .option('--checkpoint <file...>', 'checkpoints kept elsewhere, which the log must contain')
    .option('--keep <file>', 'write a checkpoint to go on from when everything before it has expired')
    .option('--retain-days <n>', 'for how long each object was to be locked', atLeastOne)
    .option(...SINCE)
    .option(...UNTIL)
    .option(...JSON_OUTPUT)
    .action(async (options: Omit<VerifyOptions, 'json'> & { json?: true }) => {
      const { verify } = await import('./verify.ts');
      end(await verify({ ...options, json: options.json === true }, io));
    });

  log
    .command('show')
    .description('Tell the story of one request, or list the requests')
    .argument('[request]', 'such as bg-0123456789')
    .option(...FOLDER)
    .option('--last <n>', 'list at most so many, the newest', atLeastOne, 50)
    .option(
      '--html',
      'print the page of one request: the one beside the log, drawn again with every record up to now',
    )
    .option(...JSON_OUTPUT)
    .action(
      async (
        request: string | undefined,
        options: { folder?: string; last: number; html?: true; json?: true },
      ) => {
        const { show } = await import('./show.ts');
        const html = options.html === true;
        end(await show(request, { ...options, html, json: options.json === true }, io));
      },
    );

  log
    .command('compare')
    .description(
      'Compare the log with CloudTrail: every change by its roles has its record, and the other way round',
    )
    .option(...FOLDER)
    .option('--since <time>', 'from then on (default: the last 24 hours, 90 days at most)')
    .option('--until <time>', 'before then (default: 20 minutes ago, when CloudTrail has caught up)')
    .option(...JSON_OUTPUT)
    .action(async (options: { folder?: string; since?: string; until?: string; json?: true }) => {
      const { compare } = await import('./compare.ts');
      end(await compare({ ...options, json: options.json === true }, io));
    });

  log
    .command('receipt')
    .description('Write one file that proves offline how a request ended (C2SP tlog-proof)')
    .argument('<request>', 'such as bg-0123456789, sealed')
    .option(...FOLDER)
    .option('--out <file>', 'where to write it, instead of standard output')
    .action(async (request: string, options: { folder?: string; out?: string }) => {
      const { receipt } = await import('./receipt.ts');
      end(await receipt(request, options, io));
    });

  log
    .command('export')
    .description('Write every record a line, verified while it is read')
    .addOption(new Option('--csv', 'for spreadsheets: no cell is a formula').conflicts('ndjson'))
    .addOption(new Option('--ndjson', 'for programs: the records as they are, one JSON object a line'))
    .option(...FOLDER)
    .option('--bot-key <vkey>', 'verifier key of the bot that the log was begun with')
    .option('--worker-key <vkey>', 'verifier key of the worker that it was begun with')
    .option(...SINCE)
    .option(...UNTIL)
    .action(async ({ csv, ndjson, ...options }: ExportFlags) => {
      if (csv !== true && ndjson !== true) throw new CommandError(EXIT.usage, 'Say --csv or --ndjson.');
      const { exportLog } = await import('./export.ts');
      end(await exportLog({ ...options, form: csv === true ? 'csv' : 'ndjson' }, io));
    });

  log
    .command('tamper-drill')
    .description('Alter copies of a log in every way there is, and see that verify finds each')
    .option(...JSON_OUTPUT)
    .action(async (options: { json?: true }) => {
      const { tamperDrill } = await import('./tamper-drill.ts');
      end(await tamperDrill({ json: options.json === true }, io));
    });

  log
    .command('replace-key')
    .description("Replace a role's signing key, by a record that the old key signs")
    .addOption(new Option('--role <role>', 'whose key').choices(['bot', 'worker']).makeOptionMandatory())
    .requiredOption('--to <key>', 'the new key: path of a private key in PEM form, or a KMS key')
    .option(...JSON_OUTPUT)
    .addHelpText('after', '\nThe old key is BREAKGLASS_BOT_KEY or BREAKGLASS_WORKER_KEY, as for serve.')
    .action(async (options: { role: Role; to: string; json?: true }) => {
      const { replaceKey } = await import('./replace-key.ts');
      end(await replaceKey({ ...options, json: options.json === true }, io));
    });

  log
    .command('verify-receipt')
    .description('Verify a receipt with nothing but a public key')
    .argument('<file>', 'a receipt')
    .requiredOption('--worker-key <vkey...>', 'verifier keys that the worker has had')
    .option(...JSON_OUTPUT)
    .action(async (file: string, options: { workerKey: string[]; json?: true }) => {
      const { verifyReceipt } = await import('./verify-receipt.ts');
      end(await verifyReceipt(file, { ...options, json: options.json === true }, io));
    });
};

function atLeastOne(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}
