import { pinnedName } from '../program/image-rule';
import { celString, celStrings } from './manifest';
import { spellings } from './image-pattern';

/** How long the lists of a policy may be in all: etcd takes objects of 1.5 MiB. */
const MAX_LENGTH = 1_000_000;

/** The API server compiles expressions of at most 100,000 characters. */
const MAX_EXPRESSION = 60_000;

interface Variable {
  readonly name: string;
  readonly expression: string;
}

/** The forms in which a pod may write a reference, without a tag. */
function formsOf(reference: string): readonly string[] {
  const [name = '', digest = ''] = (pinnedName(reference) ?? reference).split('@');
  return spellings(name).map((each) => `${each}@${digest}`);
}

/** CEL variables with every verified reference, in lists that the API server can compile. */
export function verifiedVariables(references: readonly string[]): readonly Variable[] {
  const lists: string[][] = [[]];
  let length = 0;
  for (const form of [...new Set(references.flatMap(formsOf))].sort()) {
    length += form.length + 4;
    if (length > MAX_EXPRESSION) {
      lists.push([]);
      length = form.length + 4;
    }
    lists.at(-1)?.push(form);
  }
  return lists.map((list, index) => ({ name: listName(index), expression: celStrings(list) }));
}

/** Whether the references are more than one policy can hold. */
export function areTooMany(references: readonly string[]): boolean {
  const lengths = verifiedVariables(references).map(({ expression }) => expression.length);
  return lengths.reduce((sum, length) => sum + length, 0) > MAX_LENGTH;
}

const listName = (index: number): string => (index === 0 ? 'verified' : `verified${index + 1}`);

/** A tag beside a digest. The digest decides what is run. */
const TAGGED = '^(?:[^@]*/)?[^/:@]+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}@sha256:[a-f0-9]{64}$';

/**
 * CEL: whether an image is a verified reference, with or without a tag.
 *
 * @param image a CEL variable
 * @param lists how many lists there are
 */
export function isVerified(image: string, lists: number): string {
  const isListed = (text: string): string =>
    Array.from({ length: lists }, (_, index) => `${text} in variables.${listName(index)}`).join(
      ' || ',
    );
  const at = `${image}.indexOf("@")`;
  const untagged = `(${image}.substring(0, ${image}.substring(0, ${at}).lastIndexOf(":")) + ${image}.substring(${at}))`;
  return `${isListed(image)} || (${image}.matches(${celString(TAGGED)}) && (${isListed(untagged)}))`;
}
