import { ERROR_CODES } from '../../src/error';
import { CAUSES } from './causes';
import { type ErrorMessage, MessageCollector, ROOT } from './messages';

/** More codes than this: the message has the code of its cause. */
const MAX_CODES = 3;

const escaped = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const listOf = (messages: readonly ErrorMessage[]): readonly string[] =>
  messages.map(({ pattern }) => `- ${escaped(pattern)}`);

function section(code: keyof typeof CAUSES, messages: readonly ErrorMessage[]): readonly string[] {
  const { cause, remedy } = CAUSES[code];
  return [
    `## ${code}`,
    '',
    `**Cause.** ${cause}`,
    '',
    `**Remedy.** ${remedy}`,
    '',
    ...listOf(messages),
    '',
  ];
}

/** The messages of `src`, each once for each of its codes. */
export function errorMessages(): readonly ErrorMessage[] {
  return new MessageCollector(ROOT, ERROR_CODES).collect();
}

/** The text of docs/errors.md. */
export function errorDocument(messages: readonly ErrorMessage[]): string {
  const own = messages.filter(({ codes }) => codes.length <= MAX_CODES);
  const passedOn = messages.filter(({ codes }) => codes.length > MAX_CODES);
  return [
    '# Errors',
    '',
    'Every error has a code from this list, the property that it is about, and a message. Values are shown as `<name>`.',
    'A message of an invalid input follows the name of its property. This page is generated from the source code by',
    '`node dev/run.mjs errors`; do not edit it.',
    '',
    ...ERROR_CODES.flatMap((code) =>
      section(
        code,
        own.filter(({ codes }) => codes.includes(code)),
      ),
    ),
    '## Messages with the code of their cause',
    '',
    ...listOf(passedOn),
    '',
  ].join('\n');
}
