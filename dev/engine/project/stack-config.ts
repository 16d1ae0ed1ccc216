import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import type { ConfigValue } from '../types';
import { configCrypter } from './passphrase';
import { asMap, configText, qualifyKey, type Project } from './project';

/** Config for the program: plain values, and the keys of secret ones. */
export interface Config {
  readonly values: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
}

const readYaml = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
  try {
    return asMap(load(await readFile(path, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
};

const stackFile = (project: Project, stack: string): string =>
  join(project.dir, `Pulumi.${stack}.yaml`);

const saltOf = (yaml: Readonly<Record<string, unknown>>): string | undefined =>
  typeof yaml['encryptionsalt'] === 'string' ? yaml['encryptionsalt'] : undefined;

/** Project-wide values, then those of `Pulumi.<stack>.yaml`, then the given ones. */
export const readConfig = async (
  project: Project,
  stack: string,
  passphrase: string,
  given: Readonly<Record<string, ConfigValue>> = {},
): Promise<Config> => {
  const values: Record<string, string> = Object.fromEntries(project.config);
  const secrets = new Set<string>();
  const set = (key: string, value: string, isSecret: boolean): void => {
    values[key] = value;
    if (isSecret) secrets.add(key);
    else secrets.delete(key);
  };
  const yaml = await readYaml(stackFile(project, stack));
  const entries = Object.entries(asMap(yaml['config']));
  const sealed = entries.some(([, value]) => typeof asMap(value)['secure'] === 'string');
  const crypter = sealed ? configCrypter(passphrase, saltOf(yaml)) : undefined;
  for (const [key, value] of entries) {
    const secure = asMap(value)['secure'];
    if (typeof secure === 'string' && crypter !== undefined) {
      set(qualifyKey(key, project.name), crypter.open(secure), true);
    } else {
      set(qualifyKey(key, project.name), configText(value), false);
    }
  }
  for (const [key, value] of Object.entries(given)) {
    const isSecret = typeof value !== 'string';
    set(qualifyKey(key, project.name), isSecret ? value.secret : value, isSecret);
  }
  return { values, secretKeys: [...secrets] };
};

/** Writes one value into `Pulumi.<stack>.yaml`; encrypts a secret one. */
export const writeConfig = async (
  project: Project,
  stack: string,
  passphrase: string,
  key: string,
  value: ConfigValue,
): Promise<void> => {
  const path = stackFile(project, stack);
  const yaml = await readYaml(path);
  const crypter = typeof value === 'string' ? undefined : configCrypter(passphrase, saltOf(yaml));
  const entry = typeof value === 'string' ? value : { secure: crypter?.seal(value.secret) };
  const next = {
    ...yaml,
    ...(crypter !== undefined && { encryptionsalt: crypter.salt }),
    config: { ...asMap(yaml['config']), [qualifyKey(key, project.name)]: entry },
  };
  await writeFile(path, dump(next));
};
