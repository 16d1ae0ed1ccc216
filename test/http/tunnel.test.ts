import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

import { HttpClient } from '../../src/http/client';
import { proxyRules } from '../../src/http/proxy-rules';
import { Transport } from '../../src/http/transport';

const SECRET = 'canary-packet-7f1c';

let server: Server;
let address: string;
let client: HttpClient;
const sockets: Socket[] = [];

async function listen(answer: (socket: Socket) => void): Promise<void> {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', () => answer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new HttpClient({
    proxies: proxyRules({ HTTP_PROXY: address, HTTPS_PROXY: address }),
  });
}

afterEach(async () => {
  client.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const get = (url: string, longest = 5000) =>
  client.exchange({ method: 'GET', url: new URL(url) }, { silence: 5000, longest });

describe('a tunnel that nobody waits for any longer is given up', () => {
  const isClosed = async (): Promise<boolean> => {
    for (let tries = 0; tries < 20 && !sockets[0]?.destroyed; tries += 1) await delay(50);
    return sockets[0]?.destroyed === true;
  };

  it('when the time of the request is over', async () => {
    await listen(() => undefined);
    await expect(get('https://service.example.test/', 200)).rejects.toThrow('timeout after 0.2 s');
    expect(await isClosed()).toBe(true);
  });

  it('when the client is closed', async () => {
    await listen(() => undefined);
    const pending = get('https://service.example.test/');
    await Promise.all([
      expect(pending).rejects.toThrow('the client was closed'),
      once(server, 'connection').then(() => client.close()),
    ]);
    expect(await isClosed()).toBe(true);
  });

  it('its place among the connections is free again', async () => {
    await listen(() => undefined);
    const all = Array.from({ length: 8 }, () => get('https://service.example.test/', 200));
    await Promise.allSettled(all);
    await delay(200);
    sockets.splice(0);
    await get('https://service.example.test/', 500).catch(() => undefined);
    expect(sockets).toHaveLength(1);
  });
});

describe('what a proxy sends instead of HTTP is not kept with the error: it may hold a token', () => {
  const shown = (error: unknown): string => inspect(error, { depth: 10, showHidden: true });
  const bytes = Buffer.from(SECRET).toString('hex').replace(/../g, '$& ').slice(0, 30);

  it.each(['http', 'https'])('%s', async (scheme) => {
    await listen((socket) => socket.end(`${SECRET} ${SECRET}\r\n\r\n`));
    const url = new URL(`${scheme}://service.example.test/`);
    const transport = new Transport({
      home: url,
      proxies: proxyRules({ HTTP_PROXY: address, HTTPS_PROXY: address }),
    });
    for (const failing of [get(url.href), transport.send({ method: 'GET', url }, undefined)]) {
      const error = await failing.catch((reason: unknown) => reason);
      expect((error as Error).message).toContain('Parse Error');
      expect(shown(error)).not.toContain(bytes);
      expect(shown(error)).not.toContain(SECRET);
    }
    await transport.close();
  });

  it('nor what a service sends', async () => {
    await listen((socket) => socket.end(`${SECRET} ${SECRET}\r\n\r\n`));
    const error = await get(address).catch((reason: unknown) => reason);
    expect((error as Error).message).toContain('Parse Error');
    expect(shown(error)).not.toContain(bytes);
  });
});
