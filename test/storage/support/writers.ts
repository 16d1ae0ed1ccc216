import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import type { WritingAnswer, WritingOrder } from './writer-process';

/** Processes that sign at the same time; started once, because starting takes longer than signing. */
export class Writers {
  private constructor(private readonly processes: readonly ChildProcess[]) {}

  static async start(count: number): Promise<Writers> {
    const script = join(__dirname, 'writer-process.ts');
    const execArgv = ['-r', join(__dirname, 'register-swc.cjs')];
    const processes = Array.from({ length: count }, () => fork(script, [], { execArgv }));
    await Promise.all(processes.map((process) => once(process, 'message')));
    return new Writers(processes);
  }

  /** All of them do it at once; what each answers. */
  write(order: WritingOrder): Promise<readonly WritingAnswer[]> {
    return Promise.all(
      this.processes.map(async (process) => {
        const answered = once(process, 'message');
        process.send(order);
        const [answer] = (await answered) as [WritingAnswer];
        return answer;
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all(
      this.processes.map((process) => {
        const ended = once(process, 'exit');
        process.kill();
        return ended;
      }),
    );
  }
}
