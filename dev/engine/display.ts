import type { EngineEvent, LogEntry, Operation, RunResult } from './types';
import { parseUrn, typeOf } from './urn';

const SIGNS: Readonly<Record<Operation, string>> = {
  create: '+ ',
  update: '~ ',
  replace: '+-',
  'create-replacement': '++',
  'delete-replaced': '--',
  delete: '- ',
  same: '  ',
  read: '> ',
  discard: '< ',
};

const DONE: Readonly<Record<Operation, string>> = {
  create: 'created',
  update: 'updated',
  replace: 'replaced',
  'create-replacement': 'created replacement',
  'delete-replaced': 'deleted original',
  delete: 'deleted',
  same: 'unchanged',
  read: 'read',
  discard: 'discarded',
};

const subject = ({ urn, type }: Pick<EngineEvent, 'urn' | 'type'>): string =>
  `${type} ${parseUrn(urn).name}`;

const stepLine = (event: EngineEvent, verb: string): string => {
  const reasons = event.reasons.length === 0 ? '' : ` [diff: ${event.reasons.join(', ')}]`;
  return ` ${SIGNS[event.op]} ${subject(event)} ${verb}${reasons}`;
};

/** Writes steps and messages in the format of `pulumi --non-interactive`. */
export const displayTo =
  (write: (line: string) => void, preview = false) =>
  (entry: LogEntry): void => {
    if (entry.kind === 'step') {
      const { event, phase } = entry;
      if (event.op === 'same' || (preview && phase === 'start')) return;
      const done = preview ? event.op : DONE[event.op];
      write(stepLine(event, phase === 'start' ? `${event.op}...` : done));
    } else if (entry.kind === 'diagnostic') {
      const { severity, message, urn } = entry.diagnostic;
      const where = urn === undefined ? '' : `${parseUrn(urn).name}: `;
      write(`    ${where}${severity}: ${message}`);
    } else if (entry.kind === 'violation') {
      const { level, policy, urn, message } = entry.violation;
      write(`    [${level}] ${policy} (${typeOf(urn)}: ${parseUrn(urn).name}) ${message}`);
    } else if (entry.kind === 'output' && entry.source === 'program') {
      write(`    ${entry.line}`);
    }
  };

/** Outputs and counts, as at the end of the real CLI's display. */
export const closingLines = (result: RunResult, preview: boolean): readonly string[] => {
  const outputs = Object.entries(result.outputs).map(
    ([key, value]) => `    ${key}: ${JSON.stringify(value)}`,
  );
  const counts = (Object.keys(SIGNS) as Operation[])
    .filter((op) => (result.summary[op] ?? 0) > 0)
    .map((op) => {
      const verb = preview ? (op === 'same' ? 'unchanged' : `to ${op}`) : DONE[op];
      return `    ${SIGNS[op]} ${result.summary[op]} ${verb}`;
    });
  return [
    ...(outputs.length > 0 ? ['Outputs:', ...outputs] : []),
    'Resources:',
    ...(counts.length > 0 ? counts : ['    0 resources']),
  ];
};
