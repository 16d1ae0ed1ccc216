import { readFileSync, statSync } from 'node:fs';

import { type Env, textOf } from '../detected';

/** Parameters of a TeamCity build by name, such as `teamcity.build.branch`. */
export type TeamCityParameters = Readonly<Record<string, string | undefined>>;

/** The files have a few hundred lines. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads the parameters of a build: the file that the variable names has the system properties, and one of these
 * names the file with the configuration parameters. What cannot be read is absent.
 *
 * https://www.jetbrains.com/help/teamcity/predefined-build-parameters.html
 */
export function readTeamCityParameters(env: Env): TeamCityParameters {
  const path = textOf(env, 'TEAMCITY_BUILD_PROPERTIES_FILE');
  if (textOf(env, 'TEAMCITY_VERSION') === undefined || path === undefined) return {};
  const system = readProperties(path);
  const further = system['teamcity.configuration.properties.file'];
  return { ...system, ...(further !== undefined && readProperties(further)) };
}

function readProperties(path: string): TeamCityParameters {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) return {};
    return parseProperties(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}

/**
 * Parses the lines that `java.util.Properties.store` writes: `key=value` with escapes, and comments.
 *
 * https://docs.oracle.com/javase/8/docs/api/java/util/Properties.html#load-java.io.Reader-
 */
export function parseProperties(text: string): TeamCityParameters {
  const entries = text.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*(?![#!])((?:\\.|[^\\=:\s])+)\s*[=:]\s*(.*)$/.exec(line);
    return match ? [[unescaped(match[1] ?? ''), unescaped(match[2] ?? '')] as const] : [];
  });
  return Object.fromEntries(entries);
}

const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescaped(text: string): string {
  return text.replace(
    /\\(?:u([0-9A-Fa-f]{4})|(.))/g,
    (_, code: string | undefined, char: string) =>
      code === undefined ? (CONTROLS[char] ?? char) : String.fromCharCode(parseInt(code, 16)),
  );
}
