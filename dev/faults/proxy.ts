import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { altered, type Answer, answerInstead, type Fault, type PassedRequest } from './fault';
import { readAll, type Trap } from './trap';

/** What is to happen to the n-th request, counted from 0 over all services. */
export interface Injection {
  readonly at: number;
  readonly fault: Fault | Interruption;
}

/** Something is done to whoever asks: before the service hears of it, or once it has answered. */
export interface Interruption {
  readonly when: 'before' | 'after';
  readonly act: () => void;
}

/** A request as it was sent to a service, passed on or not. */
export interface Received {
  readonly service: string;
  readonly method: string;
  /** Line, head and body. */
  readonly text: string;
}

/** Its answers are secrets. */
export const TOKEN_SERVICE = 'token service';

/** Milliseconds until a connection on which nothing moves is cut by somebody on the way. */
const STALL_ENDS = 3_000;

/** Requests that passed, and the one that a fault waits for. */
export class Journey {
  readonly passed: PassedRequest[] = [];
  readonly received: Received[] = [];
  /** What the token service gave out. */
  readonly tokens: string[] = [];
  /** The request that the fault met. */
  hit: string | undefined;
  #count = 0;

  constructor(private readonly injection?: Injection) {}

  /** Counts a request; the fault that it meets, if any. */
  next(what: string): Injection['fault'] | undefined {
    const number = this.#count;
    this.#count += 1;
    if (number !== this.injection?.at) return undefined;
    this.hit = what;
    return this.injection.fault;
  }
}

/** Stands before the services: forwards to each, and injects one fault into a journey. */
export class FaultProxies {
  journey = new Journey();
  readonly #proxies: Proxy[] = [];

  constructor(readonly trap: Trap) {}

  /** `http://127.0.0.1:PORT` in front of `target`, an origin of the same kind. */
  async before(name: string, target: string): Promise<string> {
    const proxy = new Proxy(name, new URL(target), this);
    this.#proxies.push(proxy);
    return proxy.open();
  }

  /** Ends a journey: what was refused is let in again, and open connections are cut. */
  async start(injection?: Injection): Promise<Journey> {
    for (const proxy of this.#proxies) await proxy.reopen();
    this.journey = new Journey(injection);
    return this.journey;
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    await this.trap.close();
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
      // The connection may be gone by now: that is the point of a fault.
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
    const { journey, trap } = this.proxies;
    const fault = journey.next(`${this.name} ${method} ${url}`);
    const head = [method, url, ...incoming.rawHeaders].join(' ');
    const received = { service: this.name, method };
    if (fault === 'refused') {
      // Nobody listens from here on to the end of the journey.
      const server = this.#server;
      this.#server = undefined;
      server?.close();
      for (const socket of this.#sockets) socket.resetAndDestroy();
      return;
    }
    if (fault === 'reset before the body') {
      journey.received.push({ ...received, text: head });
      incoming.socket.resetAndDestroy();
      return;
    }
    const body = await readAll(incoming);
    journey.received.push({ ...received, text: `${head} ${body.toString('utf8')}` });
    if (fault === 'stalled') {
      setTimeout(() => outgoing.destroy(), STALL_ENDS).unref();
      return;
    }
    if (typeof fault === 'object' && fault.when === 'before') {
      fault.act();
      outgoing.destroy();
      return;
    }
    const instead = typeof fault === 'string' && answerInstead(fault, url, trap.url);
    if (instead) {
      send(outgoing, instead);
      return;
    }
    const answer = await this.#forward(incoming, body);
    if (this.name === TOKEN_SERVICE) journey.tokens.push(...tokensIn(answer.body.toString('utf8')));
    journey.passed.push({
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

/** A token's last part, which nobody can make who was not given it. */
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
    // Without a length the end is the last chunk, and that never comes.
    ...(!whole && { 'content-length': String(body.length) }),
  });
  const end = (): void => {
    if (fault === 'truncated') outgoing.socket?.end();
    else outgoing.socket?.resetAndDestroy();
  };
  if (fault === "reset before the answer's body") {
    outgoing.flushHeaders();
    // A reset throws away what was not sent yet.
    setImmediate(end);
  } else {
    outgoing.write(whole ? body : body.subarray(0, body.length >> 1), end);
  }
}
