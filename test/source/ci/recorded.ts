import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CI_SYSTEMS } from '../../../src/source/ci/registry';
import type { SourceFacts } from '../../../src/source';

export const EVENTS = ['push', 'tag', 'pull-request', 'fork', 'manual', 'scheduled'] as const;
export type EventName = (typeof EVENTS)[number];

/** A file of test/source/ci/environments. */
export interface RecordedEnvironment {
  readonly source: string;
  readonly note?: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Content of the files that variables name: JSON, or lines. */
  readonly files?: Readonly<Record<string, unknown>>;
  readonly facts: SourceFacts;
}

const ENVIRONMENTS = join(__dirname, 'environments');

export function recorded(system: string, event: EventName): RecordedEnvironment {
  const path = join(ENVIRONMENTS, system, `${event}.json`);
  return JSON.parse(readFileSync(path, 'utf8')) as RecordedEnvironment;
}

/** Every system of the registry with every event. */
export const CASES = CI_SYSTEMS.flatMap(({ name }) =>
  EVENTS.map((event) => [name, event] as const),
);

export function recordedSystems(): readonly string[] {
  return readdirSync(ENVIRONMENTS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** Writes the files of an environment to a folder, and returns the variables with their paths. */
export function environmentIn(
  folder: string,
  { variables, files = {} }: RecordedEnvironment,
): NodeJS.ProcessEnv {
  mkdirSync(folder, { recursive: true });
  const env: NodeJS.ProcessEnv = { ...variables };
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    const text = Array.isArray(content)
      ? content.map((line) => String(line).replace('${folder}', folder)).join('\n')
      : JSON.stringify(content);
    writeFileSync(path, text);
    if (/^[A-Z_]+$/.test(name)) env[name] = path;
  }
  return env;
}
