// What an option has to look like. The app's own parameters are checked by the same rules.

/** An id of Twilio: two letters that say of what, and 32 hexadecimal digits. */
export function isSid(prefix: 'AC' | 'SK' | 'MG', text: unknown): boolean {
  return typeof text === 'string' && new RegExp(`^${prefix}[0-9a-fA-F]{32}$`).test(text);
}

/** Scheme, host and port, and nothing more. */
export function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, href, username, password } = new URL(text);
  const isBare = pathname === '/' && !/[?#]/.test(href) && !username && !password;
  return isBare && /^https?:$/.test(protocol);
}

/** An origin to which credentials may travel: over TLS, or to a simulator on the same machine. */
export function isSecureOrigin(text: string): boolean {
  if (!isOrigin(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || isLoopback(hostname);
}

export function isLoopback(hostname: string): boolean {
  return /^(localhost|\[?::1\]?|127(\.\d{1,3}){3})$/i.test(hostname);
}

/** A name of DNS (RFC 1123), without scheme, port and path. */
export function isHostName(text: string): boolean {
  return (
    text.length <= 253 &&
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(text)
  );
}

/** `redis://` or `rediss://` and a host; several, comma separated, are nodes of one cluster. */
export function isRedisUrl(text: string): boolean {
  return text.split(',').every((url) => {
    if (!URL.canParse(url)) return false;
    const { protocol, hostname } = new URL(url);
    return /^rediss?:$/.test(protocol) && hostname !== '';
  });
}
