import { resolve } from 'node:path';

import { chooseDeployer } from './choose-deployer';
import { cosignCommands } from './cosign-commands';
import { runStory } from './story';
import { bold, red, print } from './terminal';
import { startWorld } from './world';

const ROOT = resolve(__dirname, '../..');

function untilInterrupted(): Promise<void> {
  return new Promise((settle) => {
    // A pending promise alone does not keep Node running.
    const wait = setInterval(() => {}, 60_000);
    const end = () => {
      clearInterval(wait);
      settle();
    };
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
  });
}

async function main(args: readonly string[]): Promise<void> {
  const unknown = args.filter((arg) => arg !== '--keep');
  if (unknown.length > 0)
    throw new Error(`unknown argument ${unknown.join(' ')}; the only option is --keep`);
  const folder = resolve(ROOT, '.demo');
  const world = await startWorld(folder);
  try {
    const deployer = await chooseDeployer(resolve(ROOT, 'examples'), folder);
    try {
      const outputs = await runStory(world, deployer, ROOT);
      if (args.includes('--keep')) {
        print(
          `\n${bold('The stack keeps running until Ctrl-C. Verify the image with cosign 3:')}\n`,
        );
        for (const command of cosignCommands(outputs)) print(`  ${command}\n`);
        await untilInterrupted();
      }
    } finally {
      await deployer.close();
    }
  } finally {
    await world.close();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  print(`\n${red('The demo failed:')} ${error instanceof Error ? error.message : String(error)}`);
  // Servers that are still running must not keep the process alive.
  process.exit(1);
});
