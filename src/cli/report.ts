import type { ReportOutcome } from '../report';
import { textOf } from './verification-options';
import { type CommandContext, defineCommand } from './command';
import { EXIT } from './exit-codes';
import { modules } from './modules';
import { type Options, type OptionValues, UsageError } from './options';

const REPORT_OPTIONS = {
  'stack-state': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    absent: 'standard input, unless --audit is given',
    about: 'output of `pulumi stack export`, or a state file; "-" for standard input',
  },
  audit: {
    type: 'string',
    value: 'FILE',
    isPath: true,
    about: 'output of `signed-image audit cluster --output json`; "-" for standard input',
  },
  check: {
    type: 'boolean',
    about: 'exit with 1 if something is wrong, and with 3 if something could not be checked',
  },
  output: {
    type: 'string',
    value: 'FORMAT',
    short: 'o',
    default: 'html',
    choices: ['html', 'markdown', 'json'],
    about: 'format of the report',
  },
} as const satisfies Options;

const EXIT_OF: Readonly<Record<ReportOutcome, number>> = {
  clean: EXIT.done,
  problems: EXIT.failed,
  incomplete: EXIT.incomplete,
};

async function inputsOf(
  { 'stack-state': state, audit }: OptionValues<typeof REPORT_OPTIONS>,
  context: CommandContext,
) {
  if (state === '-' && audit === '-') {
    throw new UsageError('only one of --stack-state and --audit can be "-"');
  }
  if (state === undefined && audit === undefined && context.terminal.isInteractive) {
    throw new UsageError('--stack-state or --audit is required');
  }
  const statePath = state ?? (audit === undefined ? '-' : undefined);
  return {
    stackState:
      statePath === undefined ? undefined : await textOf('stack-state', statePath, context),
    clusterAudit: audit === undefined ? undefined : await textOf('audit', audit, context),
  };
}

/** `signed-image report`. */
export const report = defineCommand({
  words: ['report'],
  summary: 'report the images of a stack and of a cluster, from commit to workload',
  about: `Prints a report of the images in the state of a stack, in a cluster audit, or in both: for each image its commit, build, digest, signatures and attestations, log entries, the rule by which it was verified, and its workloads. What is wrong comes first.

It reads no registry and no cluster: it reports what the last update, the last refresh and the audit verified. Secrets of the state are not printed.`,
  options: REPORT_OPTIONS,
  sections: async () => [
    {
      title: 'Examples',
      lines: [
        'pulumi stack export | signed-image report > report.html',
        'pulumi stack export | signed-image report -o markdown >> "$GITHUB_STEP_SUMMARY"',
        'signed-image report --stack-state state.json --audit audit.json > report.html',
      ],
    },
    {
      title: 'Exit codes',
      lines: [
        '0  the report was printed',
        '1  with --check: something is wrong with an image',
        '2  the command line or an input cannot be used',
        '3  with --check: something could not be checked, or the input has no image',
      ],
    },
  ],
  async run({ values }, context) {
    const inputs = await inputsOf(values, context);
    const { createReport, reportHtml, reportJson, reportMarkdown } = modules.report();
    const created = createReport({ ...inputs, now: context.host.now() });
    const format = { html: reportHtml, markdown: reportMarkdown, json: reportJson };
    context.terminal.print(format[values.output as keyof typeof format](created));
    return values.check === true ? EXIT_OF[created.outcome] : EXIT.done;
  },
});
