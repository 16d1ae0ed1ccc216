import { spawn } from 'node:child_process';

/**
 * Runs a program that reads one JSON value a line and prints one for each, in order.
 *
 * @returns The answers, one for each request.
 */
export async function askLines<Request, Response>(
  program: string,
  requests: readonly Request[],
): Promise<readonly Response[]> {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((settle, fail) => {
    child.once('error', fail);
    child.once('close', settle);
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  // A program that ends early is reported by its exit code, not by the broken pipe.
  child.stdin.on('error', () => undefined);
  for (const request of requests) child.stdin.write(`${JSON.stringify(request)}\n`);
  child.stdin.end();
  const code = await ended;
  if (code !== 0) {
    throw new Error(`${program} ended with ${code}: ${Buffer.concat(err).toString('utf8')}`);
  }
  const lines = Buffer.concat(out)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  if (lines.length !== requests.length) {
    throw new Error(`${program} answered ${lines.length} of ${requests.length} requests`);
  }
  return lines.map((line) => JSON.parse(line) as Response);
}
