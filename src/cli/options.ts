import { parseArgs, type ParseArgsConfig, type ParseArgsOptionsConfig } from 'node:util';

import { UsageError } from './command';

type Parsed<T extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>
>;

/**
 * The options and the other words of a command line.
 *
 * @throws UsageError for an option that is not known, or that lacks its value
 */
export function parseOptions<T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
): Parsed<T> {
  const config = {
    args: [...args],
    options,
    allowPositionals: true,
    strict: true,
  } satisfies ParseArgsConfig;
  try {
    return parseArgs(config) as Parsed<T>;
  } catch (error) {
    // The second sentence of an unknown option is about words that begin with a dash.
    throw new UsageError((error as Error).message.split('. ')[0] ?? '');
  }
}
