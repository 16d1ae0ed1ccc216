import { setTimeout as delay } from 'node:timers/promises';

import type { MatrixCase } from '../support/cell';
import { commandLines } from '../support/command-lines';
import { tagsOf } from '../support/registry-reader';

/** Until the grace period of the processes of a build is over. */
const END_TIMEOUT_MS = 20_000;
const START_TIMEOUT_MS = 120_000;

async function until(isTrue: () => boolean, timeout: number): Promise<boolean> {
  for (const deadline = Date.now() + timeout; Date.now() < deadline; await delay(50))
    if (isTrue()) return true;
  return false;
}

/** A build that is called off while a RUN with a secret is executed. */
export const ABORT: readonly MatrixCase[] = [
  {
    name: 'abort',
    sample: true,
    run: async (cell) => {
      const base = await cell.base();
      // Of this cell only.
      const seconds = String(100_000 + cell.number);
      const isRunning = (): boolean => commandLines().includes(`sleep\0${seconds}\0`);
      const mount = cell.column.builder === 'docker' ? '' : '--mount=type=secret,id=token ';
      const secrets: Record<string, string> = mount === '' ? {} : { token: cell.secret() };
      cell.context.write('Dockerfile', `FROM ${base}\nRUN ${mount}sleep ${seconds}\n`);

      const abort = new AbortController();
      const build = cell.build({ secrets, signal: abort.signal });
      const failure = build.then(
        () => undefined,
        (error: unknown) => error,
      );
      const isStarted = await Promise.race([
        until(isRunning, START_TIMEOUT_MS),
        failure.then(() => false),
      ]);
      abort.abort();
      const error = await failure;
      if (!isStarted) throw new Error(`the RUN did not start: ${String(error)}`);
      expect(error).toMatchObject({ code: 'BUILD_FAILED' });
      expect(String(error)).toContain('was stopped');
      expect(await until(() => !isRunning(), END_TIMEOUT_MS)).toBe(true);
      expect(await tagsOf(cell.access, cell.path)).toEqual([]);
      await cell.checkLeftovers();

      // The engine builds on.
      cell.context.write('Dockerfile', `FROM ${base}\nRUN mkdir /app && echo 1 > /app/one\n`);
      expect((await cell.filesBuilt('/app')).files).toEqual({ one: '1\n' });
    },
  },
];
