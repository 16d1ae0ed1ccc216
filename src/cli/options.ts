import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

import { nearestName } from '../error/unknown-name';

/** An invalid command line; reported with the usage of the command and exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** One option, for parsing, help, completion and the reference. */
export type Option = Described & (Flag | ValueOption);

interface Described {
  /** What it means: lower case, without a full stop. */
  readonly about: string;
  /** The heading under which the help lists it. Default: Options. */
  readonly group?: string;
  /** One letter. */
  readonly short?: string;
}

interface Flag {
  readonly type: 'boolean';
}

interface ValueOption {
  readonly type: 'string';
  /** How the help names the value: `FILE`. */
  readonly value: string;
  /** Whether it can be repeated. Default: false. */
  readonly multiple?: boolean;
  readonly default?: string;
  /** What happens without the option, where that is not one value: `log with an identity, otherwise none`. */
  readonly absent?: string;
  /** The only values, if they are few. */
  readonly choices?: readonly string[];
  /** Whether the value is a path, for the completion. Default: false. */
  readonly isPath?: boolean;
}

/** By their long names. */
export type Options = Readonly<Record<string, Option>>;

/** The same options, listed in the help under a heading. */
export function inGroup<O extends Options>(group: string, options: O): O {
  const entries = Object.entries(options).map(([name, option]) => [name, { ...option, group }]);
  return Object.fromEntries(entries) as unknown as O;
}

type ValueOf<O extends Option> = O extends { readonly type: 'boolean' }
  ? boolean
  : O extends { readonly multiple: true }
    ? readonly string[]
    : string;

/** The values of options; `undefined` for those that were not given and have no default. */
export type OptionValues<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends { readonly default: string }
    ? ValueOf<O[Name]>
    : ValueOf<O[Name]> | undefined;
};

interface Parsed<O extends Options> {
  readonly values: OptionValues<O>;
  readonly positionals: readonly string[];
}

/**
 * Parses the options and positional arguments of a command line.
 *
 * @throws UsageError for an unknown option, an option without its value, or another value than the choices
 */
export function parseOptions<O extends Options>(args: readonly string[], options: O): Parsed<O> {
  const parsed = parse(args, options);
  for (const [name, option] of Object.entries(options)) {
    if (option.type !== 'string' || option.choices === undefined) continue;
    const values = [parsed.values[name] ?? []].flat();
    const isChoice = (value: string | boolean): boolean =>
      option.choices?.some((each) => each === value) ?? true;
    if (!values.every(isChoice))
      throw new UsageError(`--${name} must be ${choiceList(option.choices)}`);
  }
  return parsed as unknown as Parsed<O>;
}

function parse(args: readonly string[], options: Options): ReturnType<typeof parseArgs> {
  try {
    return parseArgs({
      args: [...args],
      options: options as ParseArgsOptionsConfig,
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // For an unknown option, the second sentence is about arguments that start with a dash.
    const [first = ''] = message.split('. ');
    if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') throw new UsageError(first);
    const [, given = ''] = /'--?([^']*)'/.exec(first) ?? [];
    const nearest = nearestName(given, Object.keys(options));
    throw new UsageError(nearest === undefined ? first : `${first}; did you mean --${nearest}?`);
  }
}

/** `a, b or c`. */
export function choiceList(choices: readonly string[]): string {
  const last = choices.at(-1) ?? '';
  return choices.length < 2 ? last : `${choices.slice(0, -1).join(', ')} or ${last}`;
}
