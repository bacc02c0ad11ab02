import type { Register } from '../io.ts';

export const workflowCommands: Register = (program, io, end) => {
  const workflows = program.command('workflows').description('Look at workflow files');

  workflows
    .command('check')
    .description('Check every workflow file of a folder and list all that is wrong with them')
    .argument('[folder]', 'folder of the files (default: BREAKGLASS_WORKFLOWS, or workflows)')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string | undefined, options: { json?: true }) => {
      const { checkFolder } = await import('./check.ts');
      end(await checkFolder(folder, { json: options.json === true }, io));
    });

  workflows
    .command('schema')
    .description('Print the JSON Schema of workflow files, for editors')
    .action(async () => {
      const { workflowJsonSchema } = await import('../../config/workflow/schema.ts');
      io.out(workflowJsonSchema().trimEnd());
    });
};
