import { parseArgs } from 'node:util';
import type { PolicyPackOptions } from './types';

export type CliCommand =
  | { readonly verb: 'preview' | 'up' | 'refresh' | 'destroy' }
  | { readonly verb: 'output'; readonly name?: string }
  | { readonly verb: 'export' }
  | {
      readonly verb: 'set-config';
      readonly key: string;
      readonly value: string;
      readonly secret: boolean;
    };

export interface CliArgs {
  readonly command: CliCommand;
  readonly cwd: string;
  readonly stack: string;
  readonly json: boolean;
  readonly showSecrets: boolean;
  readonly parallel?: number;
  readonly policyPacks: readonly PolicyPackOptions[];
}

export const USAGE = `usage: engine <command> [options]

  preview | up | refresh | destroy      run the program in the folder of Pulumi.yaml (refresh and destroy do not need it)
  stack output [name] [--json]          print the stack's outputs
  stack export                          print the state, secrets sealed
  config set [--secret] <key> <value>   write Pulumi.<stack>.yaml

options
  -C, --cwd <folder>    folder of Pulumi.yaml (default: the current one)
  -s, --stack <name>    default: PULUMI_STACK, else dev
  -p, --parallel <n>    steps at the same time
      --policy-pack <folder>         a policy pack for preview and up; may be given again
      --policy-pack-config <file>    its configuration; as many as packs, or none
      --show-secrets    print secrets of outputs
      --json            outputs, or the result of a run, as JSON
`;

const VERBS = ['preview', 'up', 'refresh', 'destroy'] as const;

const commandOf = (words: readonly string[], secret: boolean): CliCommand | undefined => {
  const [first, second, ...rest] = words;
  const verb = VERBS.find((name) => name === first);
  if (verb !== undefined) return words.length === 1 ? { verb } : undefined;
  if (first === 'stack' && second === 'export' && rest.length === 0) return { verb: 'export' };
  if (first === 'stack' && second === 'output' && rest.length <= 1) {
    return { verb: 'output', ...(rest[0] !== undefined && { name: rest[0] }) };
  }
  const [key, value] = rest;
  if (first === 'config' && second === 'set' && key !== undefined && value !== undefined) {
    return { verb: 'set-config', key, value, secret };
  }
  return undefined;
};

/** @throws Error unless every pack has a configuration, or none has one */
const packsOf = (
  folders: readonly string[] = [],
  configs: readonly string[] = [],
): readonly PolicyPackOptions[] => {
  if (configs.length !== 0 && configs.length !== folders.length) {
    throw new Error('set as many --policy-pack-config as --policy-pack');
  }
  return folders.map((folder, index) => {
    const config = configs[index];
    return { folder, ...(config !== undefined && { config }) };
  });
};

/** @throws Error if the command line is invalid */
export const parseCli = (
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): CliArgs => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      cwd: { type: 'string', short: 'C' },
      stack: { type: 'string', short: 's' },
      parallel: { type: 'string', short: 'p' },
      'policy-pack': { type: 'string', multiple: true },
      'policy-pack-config': { type: 'string', multiple: true },
      json: { type: 'boolean' },
      secret: { type: 'boolean' },
      'show-secrets': { type: 'boolean' },
      // Accepted for compatibility with the real CLI; this one does not prompt.
      yes: { type: 'boolean', short: 'y' },
      'skip-preview': { type: 'boolean' },
      'non-interactive': { type: 'boolean' },
    },
  });
  const command = commandOf(positionals, values.secret === true);
  if (command === undefined) throw new Error(`unknown command: ${positionals.join(' ')}`);
  const parallel = values.parallel === undefined ? undefined : Number(values.parallel);
  if (parallel !== undefined && !(Number.isInteger(parallel) && parallel > 0)) {
    throw new Error('--parallel must be a number of steps of at least 1');
  }
  return {
    command,
    cwd: values.cwd ?? '.',
    stack: values.stack ?? env['PULUMI_STACK'] ?? 'dev',
    json: values.json === true,
    showSecrets: values['show-secrets'] === true,
    policyPacks: packsOf(values['policy-pack'], values['policy-pack-config']),
    ...(parallel !== undefined && { parallel }),
  };
};
