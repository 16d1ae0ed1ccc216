import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  GitlabStore,
  type GitlabToken,
  type GitlabVariable,
  variableOf,
  type VariableSpace,
} from './gitlab-store';

/** Replaces GitLab's response; `drop` closes the connection. */
export type GitlabFault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | 'drop';

export interface SeenRequest {
  readonly method: string;
  /** Percent-encoded, without the query. */
  readonly path: string;
  readonly token: string | undefined;
}

export interface GitlabOptions {
  readonly tokens: Readonly<Record<string, GitlabToken>>;
  /** Called first. */
  readonly fault?: (request: SeenRequest) => GitlabFault | undefined;
}

/** A double of GitLab's REST API for CI/CD variables. */
export interface RunningGitlab {
  readonly url: string;
  readonly store: GitlabStore;
  readonly requests: readonly SeenRequest[];
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

const ROUTE = /^\/api\/v4\/(project|group)s\/([^/]+)(?:\/(variables)(?:\/([^/]+))?)?$/;

const errorMessage = (status: number, message: unknown): Answer => ({ status, body: { message } });

async function jsonOf(request: IncomingMessage): Promise<Partial<GitlabVariable>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Partial<GitlabVariable>);
}

/** https://docs.gitlab.com/api/rest/authentication/ */
function refusedToken(token: GitlabToken | undefined, method: string): Answer | undefined {
  if (token === undefined) return errorMessage(401, '401 Unauthorized');
  if (token.expired) {
    return {
      status: 401,
      body: {
        error: 'invalid_token',
        error_description: 'Token is expired. You can either do re-authorization or token refresh.',
      },
    };
  }
  if (method !== 'GET' && token.scope !== 'api') {
    return {
      status: 403,
      body: {
        error: 'insufficient_scope',
        error_description:
          'The request requires higher privileges than provided by the access token.',
        scope: 'api',
      },
    };
  }
  return undefined;
}

/** https://docs.gitlab.com/user/permissions/#cicd: variables need maintainers, those of a group need owners. */
function mayAdminister({ kind, path }: VariableSpace, { roles }: GitlabToken): boolean {
  return roles[path] === 'owner' || (kind === 'project' && roles[path] === 'maintainer');
}

/** https://docs.gitlab.com/api/project_level_variables/ */
function variables(
  space: VariableSpace,
  method: string,
  key: string | undefined,
  body: Partial<GitlabVariable>,
): Answer {
  if (method === 'POST' && key === undefined) {
    const { key: name = '', value } = body;
    if (value === undefined) return { status: 400, body: { error: 'value is missing' } };
    if (space.variables.some((each) => each.key === name)) {
      return errorMessage(400, { key: [`(${name}) has already been taken`] });
    }
    const made = variableOf({ ...body, key: name, value });
    space.variables.push(made);
    return { status: 201, body: made };
  }
  const found = space.variables.filter((each) => each.key === key);
  const [variable] = found;
  if (variable === undefined) return errorMessage(404, '404 Variable Not Found');
  if (found.length > 1) {
    return errorMessage(
      409,
      "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'",
    );
  }
  if (method === 'DELETE') {
    space.variables.splice(space.variables.indexOf(variable), 1);
    return { status: 204 };
  }
  return { status: 200, body: { ...variable, value: variable.hidden ? null : variable.value } };
}

async function answerOf(
  store: GitlabStore,
  tokens: GitlabOptions['tokens'],
  seen: SeenRequest,
  request: IncomingMessage,
): Promise<Answer> {
  const { method, path } = seen;
  const token = tokens[seen.token ?? ''];
  const refused = refusedToken(token, method);
  if (refused !== undefined || token === undefined)
    return refused ?? errorMessage(401, '401 Unauthorized');
  const [, kind, encoded = '', section, key] = ROUTE.exec(path) ?? [];
  if (kind === undefined) return errorMessage(404, '404 Not Found');
  const id = decodeURIComponent(encoded);
  const moved = kind === 'project' ? store.movedFrom(id) : undefined;
  if (moved !== undefined) {
    if (method !== 'GET')
      return errorMessage(405, 'Non GET methods are not allowed for moved projects');
    const location = path.replace(`/projects/${encoded}`, `/projects/${moved.id}`);
    return { status: 301, headers: { location }, body: { message: 'Moved Permanently' } };
  }
  const space = store.find(kind as VariableSpace['kind'], id);
  if (space === undefined || token.roles[space.path] === undefined) {
    return errorMessage(404, kind === 'project' ? '404 Project Not Found' : '404 Group Not Found');
  }
  if (section === undefined) {
    return { status: 200, body: { id: space.id, path: space.path.split('/').at(-1) } };
  }
  if (!mayAdminister(space, token)) return errorMessage(403, '403 Forbidden');
  return variables(space, method, key, await jsonOf(request));
}

function send(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** Starts it on 127.0.0.1. */
export async function startGitlab({ tokens, fault }: GitlabOptions): Promise<RunningGitlab> {
  const store = new GitlabStore();
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const seen: SeenRequest = {
      method: request.method ?? 'GET',
      path: (request.url ?? '/').split('?')[0] ?? '/',
      token: request.headers['private-token'] as string | undefined,
    };
    requests.push(seen);
    const instead = fault?.(seen);
    if (instead === 'drop') return void request.socket.destroy();
    if (instead !== undefined) return send(response, instead);
    answerOf(store, tokens, seen, request).then(
      (answer) => send(response, answer),
      () => send(response, errorMessage(500, '500 Internal Server Error')),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    store,
    requests,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
