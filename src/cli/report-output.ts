import type { Options } from './options';

/** The format of the reports of `audit`. */
export const REPORT_OUTPUT_OPTION = {
  output: {
    type: 'string',
    value: 'FORMAT',
    short: 'o',
    default: 'text',
    choices: ['text', 'json', 'sarif'],
    about: 'format of the report',
  },
} as const satisfies Options;
