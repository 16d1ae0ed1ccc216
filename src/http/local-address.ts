import dns from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

import { SignedImageError } from '../error';

/** Loopback, unspecified and link-local addresses: what only this machine has, or serves to it. */
const LOCAL = new BlockList();
LOCAL.addSubnet('0.0.0.0', 8, 'ipv4');
LOCAL.addSubnet('127.0.0.0', 8, 'ipv4');
// Link-local, with the metadata services of most clouds.
LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
// `::`, `::1` and IPv4-compatible addresses. IPv4-mapped ones are read as IPv4.
LOCAL.addSubnet('::', 96, 'ipv6');
LOCAL.addSubnet('fe80::', 10, 'ipv6');
// The same IPv4 networks behind NAT64 and 6to4.
LOCAL.addSubnet('64:ff9b::', 104, 'ipv6');
LOCAL.addSubnet('64:ff9b::7f00:0', 104, 'ipv6');
LOCAL.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
LOCAL.addSubnet('2002:7f00::', 24, 'ipv6');
LOCAL.addSubnet('2002:a9fe::', 32, 'ipv6');
// Metadata and credential services that are not on a link-local address: AWS on IPv6 (instances, pod
// identities), Google Cloud, Oracle Cloud and Scaleway on IPv6, Alibaba Cloud, Oracle Cloud Classic, Azure.
LOCAL.addSubnet('fd00:ec2::', 112, 'ipv6');
LOCAL.addAddress('fd20:ce::254', 'ipv6');
LOCAL.addAddress('fd00:c1::a9fe:a9fe', 'ipv6');
LOCAL.addAddress('fd00:42::42', 'ipv6');
LOCAL.addAddress('192.0.0.192', 'ipv4');
LOCAL.addAddress('100.100.100.200', 'ipv4');
LOCAL.addAddress('168.63.129.16', 'ipv4');

/** Whether the URL's host is this machine by its very name, without asking a name service. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** Whether an IP address is one that a remote service has no business to send its clients to. */
export function isLocalAddress(address: string): boolean {
  const [plain = ''] = address.split('%');
  const version = isIP(plain);
  return version !== 0 && LOCAL.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}

/** Whether the host of a URL is local by its very name: an address, or `localhost`. */
export function isLocalHost({ hostname }: URL): boolean {
  const name = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || isLocalAddress(name);
}

/**
 * Resolves names, and refuses those that lead to a local address. The check is made on the very
 * addresses that are connected to, so a name that resolves otherwise the next time does not pass.
 *
 * @param isAllowed whether a host may be anywhere: it was named by the user
 */
export function guardedLookup(
  lookup: LookupFunction | undefined,
  isAllowed: (hostname: string) => boolean,
): LookupFunction {
  const resolve = lookup ?? (dns.lookup as LookupFunction);
  return (hostname, options, done) =>
    resolve(hostname, options, (error, address, family) => {
      const addresses = Array.isArray(address) ? address.map((one) => one.address) : [address];
      const isRefused = !error && !isAllowed(hostname) && addresses.some(isLocalAddress);
      if (isRefused) done(localAddressError(hostname), '', 0);
      else done(error, address, family);
    });
}

export function localAddressError(host: string): SignedImageError {
  return new SignedImageError({
    code: 'REGISTRY_INSECURE',
    message: `${host} is on this machine or link (a loopback or link-local address), and a registry elsewhere refers to it: the request is not sent. Only a registry on loopback may refer to such addresses`,
  });
}
