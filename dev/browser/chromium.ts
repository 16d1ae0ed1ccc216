import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

type Parameters = Readonly<Record<string, unknown>>;

/** One page in the browser, controlled by the DevTools protocol. https://chromedevtools.github.io/devtools-protocol/ */
export interface Page {
  send(method: string, parameters?: Parameters): Promise<Record<string, unknown>>;
  /** Evaluates an expression in the page; a promise is awaited. */
  evaluate(expression: string): Promise<unknown>;
  /** Shows this HTML. */
  setContent(html: string): Promise<void>;
  /** What the page logged, and requests that its content policy refused. */
  readonly messages: readonly string[];
}

export interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Parameters;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

const CLOSE_TIMEOUT_MS = 10_000;

/** Starts the Chromium of Debian, without a window. */
export async function startChromium(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0'];
  const child = spawn('chromium', [...flags, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Its own group, so that its own processes end with it.
    detached: true,
  });
  const socket = new WebSocket(await debuggerUrl(child));
  await once(socket, 'open');
  const connection = new Connection(socket);
  return {
    newPage: async () => {
      const { targetId } = await connection.send('Target.createTarget', { url: 'about:blank' });
      const attached = await connection.send('Target.attachToTarget', { targetId, flatten: true });
      return openPage(connection, String(attached['sessionId']));
    },
    close: async () => {
      const ended = once(child, 'exit');
      void connection.send('Browser.close').catch(() => undefined);
      // Its own processes are in its group.
      const force = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), CLOSE_TIMEOUT_MS);
      await ended;
      clearTimeout(force);
      socket.close();
      child.stderr?.destroy();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function debuggerUrl({ stderr }: ChildProcess): Promise<string> {
  if (!stderr) throw new Error('chromium was not started');
  for await (const line of createInterface(stderr)) {
    const [, url] = /DevTools listening on (ws:\S+)/.exec(line) ?? [];
    if (url === undefined) continue;
    stderr.resume();
    return url;
  }
  throw new Error('chromium ended before it listened');
}

class Connection {
  readonly #pending = new Map<number, (message: Message) => void>();
  readonly #listeners = new Set<(message: Message) => void>();
  #last = 0;

  constructor(private readonly socket: WebSocket) {
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.id === undefined) for (const listener of this.#listeners) listener(message);
      else this.#pending.get(message.id)?.(message);
    });
  }

  send(method: string, params: Parameters = {}, sessionId?: string) {
    const id = (this.#last += 1);
    return new Promise<Record<string, unknown>>((resolve, reject) => {
      this.#pending.set(id, ({ result = {}, error }) => {
        this.#pending.delete(id);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result);
      });
      this.socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
    });
  }

  listen(listener: (message: Message) => void): void {
    this.#listeners.add(listener);
  }
}

async function openPage(connection: Connection, sessionId: string): Promise<Page> {
  const send = (method: string, parameters?: Parameters) =>
    connection.send(method, parameters, sessionId);
  const messages: string[] = [];
  connection.listen(({ method, params, sessionId: from }) => {
    const isMessage = method === 'Runtime.consoleAPICalled' || method === 'Log.entryAdded';
    if (isMessage && from === sessionId) messages.push(JSON.stringify(params));
  });
  await Promise.all(['Page.enable', 'Runtime.enable', 'Log.enable'].map((each) => send(each)));
  const evaluate = async (expression: string): Promise<unknown> => {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await send('Runtime.evaluate', options);
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { readonly value?: unknown }).value;
  };
  return {
    send,
    evaluate,
    messages,
    setContent: async (html) => {
      // A new document, without the content policy of the one before.
      await send('Page.navigate', { url: 'about:blank' });
      const { frameTree } = (await send('Page.getFrameTree')) as {
        readonly frameTree?: { readonly frame: { readonly id: string } };
      };
      await send('Page.setDocumentContent', { frameId: frameTree?.frame.id, html });
    },
  };
}
