/** Whether a secret may be sent there: TLS, or a connection that does not leave the machine. */
export function isLoopbackOrHttps({ protocol, hostname }: URL): boolean {
  if (protocol === 'https:') return true;
  if (protocol !== 'http:') return false;
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** What is wrong with the address of a service, in words; `undefined` for nothing. */
export function serviceUrlFault(
  text: string,
  { carriesSecret }: { carriesSecret: boolean },
): string | undefined {
  if (!URL.canParse(text)) return 'must be an address such as https://rekor.example.com';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an https address';
  // Never repeated in the message: what stands before the @ is a credential.
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password';
  if (url.search !== '' || url.hash !== '') return 'must have no query and no fragment';
  if (carriesSecret && !isLoopbackOrHttps(url)) {
    return 'must be an https address: the identity token is sent there (plain http is for this machine only)';
  }
  return undefined;
}

/** The form in which paths can be appended. */
export function normalizeServiceUrl(text: string): string {
  return text.trim().replace(/\/+$/, '');
}

/** Whether a service belongs to the public instance (or its staging), where everybody may read. */
export function isPublicService(text: string): boolean {
  if (!URL.canParse(text)) return false;
  return /(^|\.)sigst(ore|age)\.dev$/i.test(new URL(text).hostname);
}
