import { InvalidArgumentError } from 'commander';
import type { Register } from '../io.ts';
import type { VerifyOptions } from './verify.ts';

const FOLDER = ['--folder <dir>', 'a downloaded log instead of the bucket in the environment'] as const;
const JSON_OUTPUT = ['--json', 'print the result as JSON'] as const;

export const logCommands: Register = (program, io, end) => {
  const log = program
    .command('log')
    .description('Read and verify the log, in the bucket of BREAKGLASS_LOG_BUCKET or in a folder');

  log
    .command('verify')
    .description('Verify every record, signature and checkpoint from the first commit to the last')
    .option(...FOLDER)
    .option('--bot-key <vkey>', 'verifier key of the bot that the log was begun with')
    .option('--worker-key <vkey>', 'verifier key of the worker that it was begun with')
    .option('--checkpoint <file...>', 'checkpoints kept elsewhere, which the log must contain')
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
    .option(...JSON_OUTPUT)
    .action(async (request: string | undefined, options: { folder?: string; last: number; json?: true }) => {
      const { show } = await import('./show.ts');
      end(await show(request, { ...options, json: options.json === true }, io));
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
    .command('tamper-drill')
    .description('Alter copies of a log in every way there is, and see that verify finds each')
    .option(...JSON_OUTPUT)
    .action(async (options: { json?: true }) => {
      const { tamperDrill } = await import('./tamper-drill.ts');
      end(await tamperDrill({ json: options.json === true }, io));
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
