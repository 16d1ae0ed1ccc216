import { domainToASCII } from 'node:url';

import {
  addressBytes,
  type AddressRange,
  isInRange,
  isLoopbackAddress,
  isSameAddress,
  parseRange,
} from './ip-address';

/** A host and port that is about to be connected to. */
interface Target {
  /** Lower case, ASCII; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: string;
  /** The bytes of the host where it is an IP address. */
  readonly address: readonly number[] | undefined;
}

type Matcher = (target: Target) => boolean;

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Whether a proxy is to be used for a URL, by the rules of Go's `golang.org/x/net/http/httpproxy`:
 * `localhost` and loopback addresses are always connected to directly. An entry of `NO_PROXY` is a domain
 * name (it matches its subdomains too, with a leading `.` or `*.` only these), an IP address, a range in
 * CIDR notation, or `*`; the first two may end with a port.
 *
 * https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
 */
export function proxyDecision(noProxy: string): (url: URL) => boolean {
  const matchers = parseEntries(noProxy);
  return (url) => {
    const target = targetOf(url);
    if (target.host === 'localhost') return false;
    if (target.address && isLoopbackAddress(target.address)) return false;
    return !matchers.some((matches) => matches(target));
  };
}

function targetOf({ protocol, hostname, port }: URL): Target {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return { host, port: port || (DEFAULT_PORTS[protocol] ?? ''), address: addressBytes(host) };
}

function parseEntries(noProxy: string): readonly Matcher[] {
  const entries = noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '');
  if (entries.includes('*')) return [() => true];
  return entries.flatMap((entry) => matcherOf(entry) ?? []);
}

/** `undefined` where the entry is malformed: Go ignores it. */
function matcherOf(entry: string): Matcher | undefined {
  const range = parseRange(entry);
  if (range) return matchRange(range);
  const { host, port } = splitPort(entry);
  if (host === '') return undefined;
  const isPort = (target: Target): boolean => port === '' || port === target.port;
  const wanted = addressBytes(host);
  if (wanted) {
    return (target) =>
      target.address !== undefined && isSameAddress(wanted, target.address) && isPort(target);
  }
  const name = host.startsWith('*.') ? host.slice(1) : host;
  const isDomain = name.startsWith('.');
  const domain = toAscii(isDomain ? name.slice(1) : name);
  return (target) =>
    target.address === undefined &&
    (target.host.endsWith(`.${domain}`) || (!isDomain && target.host === domain)) &&
    isPort(target);
}

function matchRange(range: AddressRange): Matcher {
  return ({ address }) => address !== undefined && isInRange(address, range);
}

/** As Go's `net.SplitHostPort`, which leaves an IPv6 address in brackets and without a port as it is. */
function splitPort(entry: string): { readonly host: string; readonly port: string } {
  const split = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(entry);
  if (!split) return { host: entry, port: '' };
  return { host: split[1] ?? split[2] ?? '', port: split[3] ?? '' };
}

/** An internationalized name in the form in which URLs have it; left as it is where it has none. */
function toAscii(name: string): string {
  return /^[\x00-\x7f]*$/.test(name) ? name : domainToASCII(name) || name;
}
