import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { command, isOnPath } from './command';
import type { Language } from './language';
import { ROOT, SDK, type World } from './world';

const VERSION = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
).version;

/** The SDK has a version of its own in each run: runs share the local repository of Maven. */
const versionOf = ({ folder }: World): string => `${VERSION}-${basename(folder)}`;

const setVersion = (project: string, world: World): void => {
  const file = join(project, 'pom.xml');
  const version = (of: string): string => `<version>${of}</version>`;
  const pom = readFileSync(file, 'utf8');
  writeFileSync(file, pom.replace(version(VERSION), version(versionOf(world))));
};

/** Maven reads its options from the project, also when an engine starts it. */
const useRepository = (project: string, { maven }: World): void => {
  mkdirSync(join(project, '.mvn'));
  writeFileSync(join(project, '.mvn/maven.config'), `-Dmaven.repo.local=${maven}\n`);
};

/** The command of docs/installation-configuration.md that installs the jar of the release, for the file that this run has built. */
function documentedInstall(jar: string): readonly [string, ...string[]] {
  const page = readFileSync(join(ROOT, 'docs/installation-configuration.md'), 'utf8');
  const found = /^mvn (\S+:install-file) -Dfile=(\S+)$/m.exec(page);
  if (found?.[1] === undefined) throw new Error('the page has no command that installs the jar');
  expect(found[2]).toBe(`signed-image-${VERSION}.jar`);
  return ['mvn', '--quiet', '--batch-mode', found[1], `-Dfile=${jar}`];
}

/** Builds the jar of the release from the generated SDK, and installs it into the local repository of Maven. */
async function install(project: string, world: World): Promise<void> {
  const sdk = `${project}-sdk`;
  cpSync(join(SDK, 'java'), sdk, { recursive: true });
  for (const folder of [sdk, project]) {
    setVersion(folder, world);
    useRepository(folder, world);
  }
  await command(sdk, ['mvn', '--quiet', '--batch-mode', 'package']);
  const jar = join(sdk, 'target', `signed-image-${versionOf(world)}.jar`);
  // In the project, as a reader does: not beside the `pom.xml` of the SDK.
  await command(project, documentedInstall(jar));
}

export const JAVA: Language = {
  name: 'Java',
  example: 'existing-image-java',
  sdk: 'java/pom.xml',
  install,
  compile: async (project) => {
    await command(project, ['mvn', '--quiet', '--batch-mode', 'compile']);
  },
  uninstall: (world) => {
    const folder = join(world.maven, 'io/github/pulumisignedimage/signed-image', versionOf(world));
    rmSync(folder, { recursive: true, force: true });
  },
  host: 'pulumi-language-java',
};

/** Why Java programs cannot run here. */
export const WITHOUT_JAVA = ['javac', 'mvn'].every(isOnPath)
  ? undefined
  : 'a JDK 17 and Maven are not on the PATH';
