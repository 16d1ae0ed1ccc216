import type { LogAuditArgs, LogAuditOutcome, LogAuditReport } from '../log-audit';
import { SignedImageError } from '../error';
import { type CommandContext, defineCommand } from './command';
import { EXIT } from './exit-codes';
import { LOG_OPTIONS, logAuditArguments } from './log-options';
import { modules } from './modules';

const EXIT_OF: Readonly<Record<LogAuditOutcome, number>> = {
  clean: EXIT.done,
  findings: EXIT.failed,
  incomplete: EXIT.incomplete,
};

async function auditWithProgress(
  args: LogAuditArgs,
  { terminal, host }: CommandContext,
): Promise<LogAuditReport> {
  const { auditLog, createProgressLine } = modules.logAudit();
  const { writeProgress } = terminal;
  if (writeProgress === undefined) return auditLog(args, { host });
  const line = createProgressLine(writeProgress);
  try {
    return await auditLog(args, { host, onProgress: line.onProgress });
  } finally {
    line.end();
  }
}

/** `signed-image audit log`. */
export const auditLog = defineCommand({
  words: ['audit', 'log'],
  summary: 'find entries of a transparency log that no stack made',
  about: `Finds every entry of a transparency log (Rekor v1 or v2) that was made with these keys or identities, and reports those that no stack made. The log must prove that it continues the saved checkpoint and that it includes every entry that is read; a log that contradicts a checkpoint that it has signed is an error, and the file is not changed.

Entries are reported in each run until they are known: by the state of a stack, or by a list.`,
  options: LOG_OPTIONS,
  sections: async () => [
    {
      title: 'Exit codes',
      lines: [
        '0  stacks made all entries of these signers',
        '1  entries that no stack made, or a log that contradicts itself',
        '2  the command line cannot be used',
        '3  the log could not be read, or has entries that cannot be parsed',
      ],
    },
  ],
  async run({ values }, context) {
    const { terminal } = context;
    const audit = modules.logAudit();
    const args = await logAuditArguments(values, context);
    let report: LogAuditReport;
    try {
      report = await auditWithProgress(args, context);
    } catch (error) {
      if (!(error instanceof SignedImageError) || error.code !== 'LOG_INCONSISTENT') throw error;
      terminal.printError(`error[${error.code}]: ${error.message}`);
      return EXIT.failed;
    }
    const format = {
      text: audit.logAuditText,
      json: audit.logAuditJson,
      sarif: audit.logAuditSarif,
    };
    terminal.print(format[values.output as keyof typeof format](report));
    return EXIT_OF[audit.logOutcomeOf(report)];
  },
  failureCode: EXIT.incomplete,
});
