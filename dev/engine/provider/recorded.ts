import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Checked, Created, Difference, Provider, ReadState } from './provider';

const fingerprint = (urn: string): string =>
  createHash('sha256').update(urn).digest('hex').slice(0, 7);

const UNDECIDED: Difference = {
  changes: 'unknown',
  replaces: [],
  deleteBeforeReplace: false,
  reasons: [],
  detailed: true,
};

/**
 * The provider of a package without an available plugin: records resources with their inputs as outputs, and creates nothing.
 * Functions and remote components need a plugin, so they are errors; so is the schema, unless a file has it.
 */
export const recordedProvider = (pkg: string, schemaFile?: string): Provider => {
  const refuse = (what: string): never => {
    throw new Error(
      `${what} needs the plugin of package ${pkg}: declare its folder in Pulumi.yaml under plugins.providers`,
    );
  };
  return {
    pkg,
    managed: false,
    supportsPreview: false,
    check: async (_identity, _olds, news): Promise<Checked> => ({ inputs: news, failures: [] }),
    diff: async () => UNDECIDED,
    create: async ({ urn, name }, inputs): Promise<Created> => ({
      id: `${name}-${fingerprint(urn)}`,
      outputs: inputs,
    }),
    update: async (_identity, _old, news) => news,
    read: async (_identity, id, outputs): Promise<ReadState> => ({ id, outputs }),
    delete: async () => undefined,
    invoke: async ({ token }) => refuse(`the function ${token}`),
    construct: async ({ type, name }) => refuse(`the component ${name} (${type})`),
    schema: async () =>
      schemaFile === undefined ? refuse('the schema') : readFile(schemaFile, 'utf8'),
    cancel: async () => undefined,
    close: async () => undefined,
  };
};
