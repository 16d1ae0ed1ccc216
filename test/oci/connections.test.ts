import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci';
import { ConnectionFailure } from '../../src/http/connection-failure';
import { Transport } from '../../src/http/transport';
import { type HttpRequest } from '../../src/http/message';
import { LATEST, repositoryOf, storeImage, testClient } from './support/registry-fixture';
import { answerOf, openWire, type Wire } from './support/wire';

let wire: Wire | undefined;
const transports: Transport[] = [];
const registries: RunningRegistry[] = [];

afterEach(async () => {
  await Promise.all(transports.splice(0).map((transport) => transport.close()));
  await Promise.all(registries.splice(0).map((registry) => registry.close()));
  await wire?.close();
  wire = undefined;
});

function transportOf(options: { ca?: string | undefined; answerTimeout?: number } = {}): Transport {
  const transport = new Transport({
    ca: undefined,
    home: new URL('http://127.0.0.1/'),
    userAgent: 'test',
    lookup: undefined,
    ...options,
  });
  transports.push(transport);
  return transport;
}

async function registryOf(tls: boolean): Promise<RunningRegistry> {
  const registry = await startRegistry({ tls });
  registries.push(registry);
  storeImage(registry);
  return registry;
}

const connectionsOf = ({ requests }: RunningRegistry): number =>
  new Set(requests.map(({ connection }) => connection)).size;

const later = (milliseconds: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds, undefined));

function requestsTo({ url }: RunningRegistry): readonly HttpRequest[] {
  const manifest = new URL('/v2/team/app/manifests/latest', url);
  const body = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }),
  );
  const headers = { 'content-type': OCI_INDEX };
  return [
    { method: 'GET', url: manifest },
    { method: 'HEAD', url: manifest },
    { method: 'POST', url: new URL('/v2/team/app/blobs/uploads/', url) },
    { method: 'PUT', url: new URL('/v2/team/app/manifests/other', url), headers, body },
    { method: 'GET', url: new URL('/v2/team/app/manifests/absent', url) },
    { method: 'DELETE', url: new URL('/v2/team/app/manifests/other', url) },
  ];
}

describe.each([false, true])('connections (https: %p)', (tls) => {
  it('sequential requests use one, including HEAD and errors', async () => {
    const registry = await registryOf(tls);
    const transport = transportOf({ ca: registry.ca });
    const statuses: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      for (const request of requestsTo(registry))
        statuses.push((await transport.send(request, undefined)).status);
    }
    expect(statuses.slice(0, 6)).toEqual([200, 200, 202, 201, 404, 202]);
    expect(registry.requests).toHaveLength(18);
    expect(connectionsOf(registry)).toBe(1);
  });

  it('concurrent requests use eight, and the rest waits', async () => {
    const registry = await registryOf(tls);
    let inside = 0;
    let most = 0;
    registry.settings.faults = async () => {
      most = Math.max(most, (inside += 1));
      await later(2);
      inside -= 1;
      return undefined;
    };
    const transport = transportOf({ ca: registry.ca });
    for (let round = 0; round < 3; round += 1) {
      const all = Array.from({ length: 8 }, () => requestsTo(registry)).flat();
      await Promise.all(all.map((request) => transport.send(request, undefined)));
    }
    expect(registry.requests).toHaveLength(3 * 48);
    expect([most, connectionsOf(registry)]).toEqual([8, 8]);
  });
});

it('a client keeps its connection from one piece of work to the next', async () => {
  const registry = await registryOf(false);
  const { client } = testClient();
  const repository = repositoryOf(registry);
  for (let task = 0; task < 3; task += 1) {
    expect(await client.task().resolve(repository, LATEST)).toBeDefined();
    expect(await client.task().getManifest(repository, LATEST)).toBeDefined();
  }
  expect(connectionsOf(registry)).toBe(1);
  await client.close();
});

describe('a connection that the server closed while it was idle', () => {
  const manifest = answerOf('{"schemaVersion":2}', { headers: [`content-type: ${OCI_MANIFEST}`] });
  /** Closes the connection at the second request, for the first `bad` connections. */
  const hangingUp = (bad: number) =>
    openWire(({ turn, connection, socket }) => {
      if (turn === 0 || connection >= bad) return manifest;
      socket.destroy();
      return undefined;
    });
  const repository = () => repositoryOf({ host: wire?.url.host ?? '' });

  it('is replaced at once, without a wait', async () => {
    wire = await hangingUp(1);
    const { client, waits } = testClient();
    for (let asked = 0; asked < 4; asked += 1) await client.getManifest(repository(), LATEST);
    expect(waits).toEqual([]);
    expect(wire.connections).toHaveLength(2);
    await client.close();
  });

  it('is distinguished from a new one, and from one that returned a part of a response', async () => {
    wire = await openWire(({ turn, connection, socket }) => {
      if (turn === 0 && connection > 0) return answerOf('{}');
      if (connection > 1) socket.end('HTTP/1.1 200 OK\r\n');
      else socket.destroy();
      return undefined;
    });
    const transport = transportOf();
    const stale: boolean[] = [];
    const { url } = wire;
    for (let asked = 0; asked < 5; asked += 1) {
      const failure = await transport
        .send({ method: 'GET', url }, undefined)
        .catch((error: unknown) => error);
      if (failure instanceof ConnectionFailure) {
        expect([failure.code, failure.transient]).toEqual(['REGISTRY_UNAVAILABLE', true]);
        stale.push(failure.stale);
      }
    }
    expect(stale).toEqual([false, true, false]);
  });

  it('takes the other idle ones with it', async () => {
    let together = true;
    const held: (() => void)[] = [];
    wire = await openWire(({ turn, connection, socket }) => {
      if (!together && turn > 0 && connection < 4) return void socket.destroy();
      if (!together) return answerOf('{}');
      held.push(() => socket.write(answerOf('{}')));
      if (held.length === 4) for (const answer of held) answer();
      return undefined;
    });
    const transport = transportOf();
    const ask = { method: 'GET', url: wire.url } as const;
    await Promise.all([1, 2, 3, 4].map(() => transport.send(ask, undefined)));
    together = false;
    await expect(transport.send(ask, undefined)).rejects.toThrow('no answer');
    for (let asked = 0; asked < 4; asked += 1) await transport.send(ask, undefined);
    expect(wire.connections).toHaveLength(5);
  });

  it('is waited for like every other failure when it happens again', async () => {
    wire = await openWire(({ turn, socket, connection }) => {
      // The first request of all is answered, and then none before the fourth connection.
      if ((connection === 0 && turn === 0) || connection === 3) return manifest;
      socket.destroy();
      return undefined;
    });
    const { client, waits } = testClient();
    await client.getManifest(repository(), LATEST);
    await client.getManifest(repository(), LATEST);
    expect(waits).toEqual([125, 250]);
    await client.close();
  });
});

describe('a connection is not used again', () => {
  const asked = async (answer: string, limit?: number): Promise<number> => {
    wire = await openWire(({ turn, connection }) =>
      turn + connection > 0 ? answerOf('') : answer,
    );
    const transport = transportOf();
    const request = { method: 'GET', url: wire.url, ...(limit && { limit }) } as const;
    await transport.send(request, undefined).catch(() => undefined);
    await transport.send(request, undefined);
    return wire.connections.length;
  };

  it('after an answer that was read to its end: it is', async () => {
    expect(await asked(answerOf('x'.repeat(1000)))).toBe(1);
  });

  it.each([
    ['after more than is read of an error', answerOf('x'.repeat(65_537), { status: '400 No' })],
    ['after an answer over the limit', answerOf('x'.repeat(2_000))],
    ['if the server requests it', answerOf('{}', { headers: ['connection: close'] })],
    [
      'where it is not kept for longer than a second',
      answerOf('', { headers: ['keep-alive: timeout=1'] }),
    ],
    ['after unsolicited bytes', `${answerOf('{}')}HTTP/1.1 200 OK\r\n\r\n`],
  ])('%s', async (_, answer) => {
    expect(await asked(answer, 1_000)).toBe(2);
  });
});

describe('closing', () => {
  it('fails what is under way and what waits, leaves no timer, and takes nothing more', async () => {
    wire = await openWire(() => undefined);
    const transport = transportOf();
    const { url } = wire;
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const all = Array.from({ length: 12 }, () =>
      transport.send({ method: 'GET', url }, undefined).catch((error: unknown) => error),
    );
    while (wire.connections.length < 8) await later(1);
    await transport.close();
    for (const failure of await Promise.all(all)) {
      expect(failure).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', transient: false });
    }
    expect(timers()).toBeLessThanOrEqual(before);
    await expect(transport.send({ method: 'GET', url }, undefined)).rejects.toThrow('was closed');
    await later(20);
    expect(wire.connections).toHaveLength(8);
    expect(wire.connections.filter((socket) => !socket.destroyed)).toEqual([]);
  });
});
