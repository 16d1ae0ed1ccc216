import { parseArgs, type ParseArgsConfig, type ParseArgsOptionsConfig } from 'node:util';

import { UsageError } from './command';

type Parsed<T extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>
>;

/**
 * Parses the options and positional arguments of a command line.
 *
 * @throws UsageError for an unknown option, or an option without its value
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
    // For an unknown option, the second sentence is about arguments that start with a dash.
    throw new UsageError((error as Error).message.split('. ')[0] ?? '');
  }
}
