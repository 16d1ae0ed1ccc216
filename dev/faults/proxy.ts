import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { altered, type Answer, replacementAnswer, type Fault, type PassedRequest } from './fault';
import { readAll, type RedirectTarget } from './redirect-target';

/** The fault for the n-th request, counted from 0 over all services. */
export interface Injection {
  readonly at: number;
  readonly fault: Fault | Interruption;
}

/** An action against the client: before the service receives the request, or after its response. */
export interface Interruption {
  readonly when: 'before' | 'after';
  readonly act: () => void;
}

/** A request as it was sent to a service, forwarded or not. */
export interface Received {
  readonly service: string;
  readonly method: string;
  /** Request line, headers and body. */
  readonly text: string;
}

/** Its responses are secrets. */
export const TOKEN_SERVICE = 'token service';

/** Milliseconds until an idle connection is closed, as by a firewall. */
const STALL_TIMEOUT_MS = 3_000;

/** The requests of one run, and the fault that is injected into one of them. */
export class Recording {
  readonly passed: PassedRequest[] = [];
  readonly received: Received[] = [];
  /** Tokens that the token service issued. */
  readonly tokens: string[] = [];
  /** The request into which the fault was injected. */
  hit: string | undefined;
  #count = 0;

  constructor(private readonly injection?: Injection) {}

  /** Counts a request, and returns its fault, if any. */
  next(what: string): Injection['fault'] | undefined {
    const number = this.#count;
    this.#count += 1;
    if (number !== this.injection?.at) return undefined;
    this.hit = what;
    return this.injection.fault;
  }
}

/** Proxies in front of the services: forward requests, and inject one fault into a run. */
export class FaultProxies {
  recording = new Recording();
  readonly #proxies: Proxy[] = [];

  constructor(readonly redirectTarget: RedirectTarget) {}

  /** Starts a proxy for the origin `target`, and returns its URL `http://127.0.0.1:PORT`. */
  async before(name: string, target: string): Promise<string> {
    const proxy = new Proxy(name, new URL(target), this);
    this.#proxies.push(proxy);
    return proxy.open();
  }

  /** Begins a new run: stopped proxies listen again, and open connections are closed. */
  async start(injection?: Injection): Promise<Recording> {
    for (const proxy of this.#proxies) await proxy.reopen();
    this.recording = new Recording(injection);
    return this.recording;
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    await this.redirectTarget.close();
  }
}

class Proxy {
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #sockets = new Set<Socket>();
  #server: http.Server | undefined;
  #port = 0;

  constructor(
    private readonly name: string,
    private readonly target: URL,
    private readonly proxies: FaultProxies,
  ) {}

  async open(): Promise<string> {
    const server = http.createServer((incoming, outgoing) => {
      // Faults close the connection, so the response can fail.
      this.#serve(incoming, outgoing).catch(() => outgoing.destroy());
    });
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return `http://127.0.0.1:${this.#port}`;
  }

  async reopen(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server) await this.open();
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    const server = this.#server;
    this.#server = undefined;
    const closed = server && new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  async #serve(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = incoming;
    const { recording, redirectTarget } = this.proxies;
    const fault = recording.next(`${this.name} ${method} ${url}`);
    const head = [method, url, ...incoming.rawHeaders].join(' ');
    const received = { service: this.name, method };
    if (fault === 'refused') {
      // This proxy does not listen until the end of the run.
      const server = this.#server;
      this.#server = undefined;
      server?.close();
      for (const socket of this.#sockets) socket.resetAndDestroy();
      return;
    }
    if (fault === 'reset before the body') {
      recording.received.push({ ...received, text: head });
      incoming.socket.resetAndDestroy();
      return;
    }
    const body = await readAll(incoming);
    recording.received.push({ ...received, text: `${head} ${body.toString('utf8')}` });
    if (fault === 'stalled') {
      setTimeout(() => outgoing.destroy(), STALL_TIMEOUT_MS).unref();
      return;
    }
    if (typeof fault === 'object' && fault.when === 'before') {
      fault.act();
      outgoing.destroy();
      return;
    }
    const instead = typeof fault === 'string' && replacementAnswer(fault, url, redirectTarget.url);
    if (instead) {
      send(outgoing, instead);
      return;
    }
    const answer = await this.#forward(incoming, body);
    if (this.name === TOKEN_SERVICE)
      recording.tokens.push(...tokensIn(answer.body.toString('utf8')));
    recording.passed.push({
      service: this.name,
      method,
      path: url,
      status: answer.status,
      bytes: answer.body.length,
    });
    if (typeof fault === 'object') {
      fault.act();
      outgoing.destroy();
    } else if (fault === 'lost answer') {
      outgoing.destroy();
    } else if (isCut(fault)) {
      breakOff(outgoing, answer, fault);
    } else {
      send(outgoing, fault ? altered(fault, answer) : answer);
    }
  }

  #forward(incoming: http.IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.target;
      const { method, url: path, headers } = incoming;
      const request = http.request(
        { hostname, port, method, path, headers, agent: this.#agent },
        (response) => {
          readAll(response).then(
            (bytes) =>
              resolve({
                status: response.statusCode ?? 0,
                headers: response.headers,
                body: bytes,
              }),
            reject,
          );
        },
      );
      request.once('error', reject);
      request.end(body);
    });
  }
}

function send(outgoing: http.ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, headers as http.OutgoingHttpHeaders);
  outgoing.end(body);
}

/** The last part of each token, which cannot be guessed. */
function tokensIn(text: string): readonly string[] {
  return [...text.matchAll(/"(?:access_)?token":"(?:[^"]*\.)?([^".]+)"/g)].map(
    ([, token = '']) => token,
  );
}

type Cut = Extract<Fault, 'truncated' | "reset before the answer's body" | 'reset after the body'>;

function isCut(fault: Fault | undefined): fault is Cut {
  return fault === 'truncated' || (fault?.startsWith('reset') ?? false);
}

function breakOff(outgoing: http.ServerResponse, answer: Answer, fault: Cut): void {
  const { status, headers, body } = answer;
  const { 'content-length': _length, 'transfer-encoding': _encoding, ...rest } = headers;
  const whole = fault === 'reset after the body';
  outgoing.writeHead(status, {
    ...(rest as http.OutgoingHttpHeaders),
    // Without a length, the body ends with the last chunk, which is not sent.
    ...(!whole && { 'content-length': String(body.length) }),
  });
  const end = (): void => {
    if (fault === 'truncated') outgoing.socket?.end();
    else outgoing.socket?.resetAndDestroy();
  };
  if (fault === "reset before the answer's body") {
    outgoing.flushHeaders();
    // A reset discards data that was not sent yet.
    setImmediate(end);
  } else {
    outgoing.write(whole ? body : body.subarray(0, body.length >> 1), end);
  }
}
