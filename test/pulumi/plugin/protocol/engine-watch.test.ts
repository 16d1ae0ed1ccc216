import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { startPlugin } from '../../../../dev/engine/process/plugin';

const ROOT = resolve(__dirname, '../../../..');

/** An engine that only accepts connections: it prints its port, and `ready` when a plugin is connected. */
const ENGINE = `
const server = require('node:http2').createServer();
server.on('session', (session) => session.ping(() => console.log('ready')));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

let engine: ChildProcess | undefined;
afterEach(() => engine?.kill('SIGKILL'));

test('the plugin ends when its engine was killed', async () => {
  engine = spawn(process.execPath, ['-e', ENGINE], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (!engine.stdout) throw new Error('the engine has no output');
  const lines = createInterface({ input: engine.stdout })[Symbol.asyncIterator]();
  const port = String((await lines.next()).value);
  const { PATH } = process.env;
  const { child } = await startPlugin({
    pkg: 'signed-image',
    folder: join(ROOT, 'plugin'),
    engine: `127.0.0.1:${port}`,
    cwd: tmpdir(),
    env: { PATH },
    onLine: () => undefined,
  });
  try {
    expect((await lines.next()).value).toBe('ready');
    const ended = once(engine, 'exit');
    engine.kill('SIGKILL');
    await ended;
    expect(await child.exited).toBe(1);
  } finally {
    await child.stop();
  }
}, 60_000);
