/** The faults that can be injected into one exchange. */
export const FAULTS = [
  'refused',
  'reset before the body',
  "reset before the answer's body",
  'reset after the body',
  'stalled',
  'truncated',
  'wrong bytes',
  'wrong length',
  '401',
  '403',
  '404',
  '409',
  '429',
  '429 with Retry-After',
  '500',
  '503',
  'HTML instead of JSON',
  'redirect elsewhere',
  'lost answer',
] as const;
export type Fault = (typeof FAULTS)[number];

/** One request of a path and its response without a fault. */
export interface PassedRequest {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Bytes of the response body. */
  readonly bytes: number;
}

const READS: readonly string[] = ['GET', 'HEAD'];
const NEED_BODY: readonly Fault[] = [
  'truncated',
  'wrong bytes',
  "reset before the answer's body",
  'reset after the body',
];

/** Whether the fault is possible for this request. */
export function applies(fault: Fault, { method, bytes }: PassedRequest): boolean {
  if (fault === 'lost answer') return !READS.includes(method);
  if (fault === 'wrong length') return bytes > 0 || method === 'HEAD';
  return bytes > 0 || !NEED_BODY.includes(fault);
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

const STATUSES: Readonly<Partial<Record<Fault, { status: number; code: string }>>> = {
  '401': { status: 401, code: 'UNAUTHORIZED' },
  '403': { status: 403, code: 'DENIED' },
  '404': { status: 404, code: 'NOT_FOUND' },
  '409': { status: 409, code: 'CONFLICT' },
  '429': { status: 429, code: 'TOOMANYREQUESTS' },
  '429 with Retry-After': { status: 429, code: 'TOOMANYREQUESTS' },
  '500': { status: 500, code: 'INTERNAL' },
  '503': { status: 503, code: 'UNAVAILABLE' },
};

const PAGE = '<!doctype html><html><body><h1>Sign in</h1></body></html>';

/** A response that replaces the service's; `undefined` for faults of other kinds. */
export function replacementAnswer(
  fault: Fault,
  path: string,
  redirectUrl: string,
): Answer | undefined {
  const known = STATUSES[fault];
  if (known) {
    const { status, code } = known;
    const message = `injected ${fault}`;
    // The error formats of registries and of Sigstore's services.
    const body = Buffer.from(JSON.stringify({ errors: [{ code, message }], code: 1, message }));
    const headers = {
      'content-type': 'application/json',
      'content-length': String(body.length),
      ...(status === 401 && { 'www-authenticate': 'Basic realm="injected"' }),
      ...(fault === '429 with Retry-After' && { 'retry-after': '1' }),
    };
    return { status, headers, body };
  }
  if (fault === 'HTML instead of JSON') {
    const headers = { 'content-type': 'text/html', 'content-length': String(PAGE.length) };
    return { status: 200, headers, body: Buffer.from(PAGE) };
  }
  if (fault !== 'redirect elsewhere') return undefined;
  const headers = { location: `${redirectUrl}${path}`, 'content-length': '0' };
  return { status: 307, headers, body: Buffer.alloc(0) };
}

/** The service's response with altered content whose length is consistent. */
export function altered(fault: Fault, { status, headers, body }: Answer): Answer {
  if (fault === 'wrong bytes') {
    const changed = Buffer.from(body);
    const middle = changed.length >> 1;
    changed[middle] = (changed[middle] ?? 0) ^ 1;
    return { status, headers, body: changed };
  }
  if (fault !== 'wrong length') return { status, headers, body };
  // The length is the only content of a response to HEAD.
  const length = body.length > 0 ? body.length >> 1 : Number(headers['content-length'] ?? 0) + 1;
  return {
    status,
    headers: { ...headers, 'content-length': String(length) },
    body: body.subarray(0, length),
  };
}
