import { createHash, randomBytes } from 'node:crypto';

import { type Handler, type ServiceAnswer, type ServiceRequest, json } from './http-service';
import type { Claims } from './json-web-token';

/** The decision of the person who is prompted to sign in. */
export type Decision = 'approve' | 'deny' | 'wait';

/** Settings of interactive logins; may be changed while the issuer runs. */
export interface LoginSettings {
  email: string;
  decision: Decision;
  /** Seconds until a device code expires. Default: 300. */
  deviceCodeExpiresIn: number;
  /** Further claims of the identity token; they take precedence over all others. */
  claims: Claims;
}

export interface LoginParts {
  readonly settings: LoginSettings;
  /** Handles requests of a login; `undefined` for others. */
  readonly handler: (request: ServiceRequest) => ReturnType<Handler> | undefined;
  /** Its members of the discovery document. */
  metadata(address: string): Readonly<Record<string, unknown>>;
}

interface Grant {
  readonly clientId: string;
  readonly challenge: string;
  readonly nonce: string | undefined;
  readonly redirectUri: string | undefined;
}

interface DeviceGrant extends Grant {
  readonly userCode: string;
  readonly expiresAt: number;
  decision: Decision;
}

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/**
 * Interactive logins: authorization code with PKCE (RFC 6749, RFC 7636) and device code (RFC 8628), as
 * strict as Dex for Sigstore: both require PKCE, and the redirect must be to a loopback address.
 */
export function createLogin(
  sign: (request: { email: string; audience: string; claims: Claims }) => string,
): LoginParts {
  const settings: LoginSettings = {
    email: 'person@example.test',
    decision: 'approve',
    deviceCodeExpiresIn: 300,
    claims: {},
  };
  const codes = new Map<string, Grant>();
  const devices = new Map<string, DeviceGrant>();

  const tokens = ({ clientId, nonce }: Grant): ServiceAnswer =>
    json(200, {
      access_token: randomBytes(16).toString('base64url'),
      token_type: 'Bearer',
      expires_in: 60,
      id_token: sign({
        email: settings.email,
        audience: clientId,
        claims: { ...(nonce !== undefined && { nonce }), ...settings.claims },
      }),
    });

  const authorize = ({ query }: ServiceRequest): ServiceAnswer => {
    const redirectUri = query.get('redirect_uri') ?? '';
    const grant = grantOf(query);
    if (!grant || !isLoopback(redirectUri) || query.get('response_type') !== 'code') {
      return json(400, { error: 'invalid_request' });
    }
    const back = new URL(redirectUri);
    back.searchParams.set('state', query.get('state') ?? '');
    if (settings.decision === 'wait') return { status: 200, body: 'sign in here' };
    if (settings.decision === 'deny') {
      back.searchParams.set('error', 'access_denied');
    } else {
      const code = randomBytes(16).toString('base64url');
      codes.set(code, { ...grant, redirectUri });
      back.searchParams.set('code', code);
    }
    return { status: 302, headers: { location: back.href } };
  };

  const deviceCode = (form: URLSearchParams, issuer: string): ServiceAnswer => {
    const grant = grantOf(form);
    if (!grant) return refused('invalid_request');
    const code = randomBytes(16).toString('base64url');
    const userCode = randomBytes(4).toString('hex').toUpperCase();
    const expiresAt = Date.now() + settings.deviceCodeExpiresIn * 1000;
    devices.set(code, { ...grant, userCode, expiresAt, decision: 'wait' });
    return json(200, {
      device_code: code,
      user_code: userCode,
      verification_uri: `${issuer}/device`,
      verification_uri_complete: `${issuer}/device?user_code=${userCode}`,
      expires_in: settings.deviceCodeExpiresIn,
      interval: 1,
    });
  };

  const visit = ({ query }: ServiceRequest): ServiceAnswer => {
    const device = [...devices.values()].find(
      ({ userCode }) => userCode === query.get('user_code'),
    );
    if (!device) return { status: 404, body: 'no such code' };
    device.decision = settings.decision;
    return { status: 200, body: 'thank you' };
  };

  const redeemCode = (form: URLSearchParams): ServiceAnswer => {
    const code = form.get('code') ?? '';
    const grant = codes.get(code);
    codes.delete(code);
    const isSame = grant?.redirectUri === form.get('redirect_uri') && isProven(grant, form);
    return grant && isSame ? tokens(grant) : refused('invalid_grant');
  };

  const redeemDevice = (form: URLSearchParams): ServiceAnswer => {
    const code = form.get('device_code') ?? '';
    const device = devices.get(code);
    if (!device || !isProven(device, form)) return refused('invalid_grant');
    if (device.expiresAt <= Date.now()) return refused('expired_token');
    if (device.decision === 'wait') return refused('authorization_pending');
    devices.delete(code);
    return device.decision === 'deny' ? refused('access_denied') : tokens(device);
  };

  const token = (form: URLSearchParams): ServiceAnswer => {
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return redeemCode(form);
      case DEVICE_GRANT:
        return redeemDevice(form);
      default:
        return refused('unsupported_grant_type');
    }
  };

  return {
    settings,
    handler(request) {
      const form = (): URLSearchParams => new URLSearchParams(request.body.toString('utf8'));
      switch (`${request.method} ${request.path}`) {
        case 'GET /authorize':
          return authorize(request);
        case 'POST /token':
          return token(form());
        case 'POST /device/code':
          return deviceCode(form(), `http://${request.headers.host ?? ''}`);
        case 'GET /device':
          return visit(request);
        default:
          return undefined;
      }
    },
    metadata: (address) => ({
      authorization_endpoint: `${address}/authorize`,
      token_endpoint: `${address}/token`,
      device_authorization_endpoint: `${address}/device/code`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', DEVICE_GRANT],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none'],
    }),
  };
}

function refused(error: string): ServiceAnswer {
  return json(400, { error });
}

function grantOf(query: URLSearchParams): Grant | undefined {
  const clientId = query.get('client_id');
  const challenge = query.get('code_challenge');
  const isProper =
    query.get('code_challenge_method') === 'S256' &&
    (query.get('scope') ?? '').split(' ').includes('openid');
  if (clientId === null || challenge === null || !isProper) return undefined;
  return {
    clientId,
    challenge,
    nonce: query.get('nonce') ?? undefined,
    redirectUri: undefined,
  };
}

/** https://www.rfc-editor.org/rfc/rfc7636#section-4.6 */
function isProven({ challenge, clientId }: Grant, form: URLSearchParams): boolean {
  const verifier = form.get('code_verifier') ?? '';
  const hash = createHash('sha256').update(verifier).digest('base64url');
  return hash === challenge && form.get('client_id') === clientId;
}

/** https://www.rfc-editor.org/rfc/rfc8252#section-7.3 */
function isLoopback(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
