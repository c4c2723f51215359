import type { RouteOptions } from 'fastify';

/** The routes that exist, to tell a wrong method (405) from a wrong address (404). */
export class RouteTable {
  private readonly methodsByPattern = new Map<string, Set<string>>();

  add({ method, url }: Pick<RouteOptions, 'method' | 'url'>): void {
    if (url.includes('*')) return;
    const methods = this.methodsByPattern.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    this.methodsByPattern.set(url, methods);
  }

  /** Each route, such as `GET /livez`. */
  list(): string[] {
    return [...this.methodsByPattern].flatMap(([pattern, methods]) =>
      [...methods].map((method) => `${method} ${pattern}`),
    );
  }

  /** @param url of a request, with or without its query */
  methodsOf(url: string): string[] {
    const [path] = url.split('?');
    const found = new Set<string>();
    for (const [pattern, methods] of this.methodsByPattern) {
      if (matches(pattern, path)) for (const method of methods) found.add(method);
    }
    return [...found].sort();
  }
}

function matches(pattern: string, path: string): boolean {
  const expected = pattern.split('/');
  const actual = path.split('/');
  if (expected.length !== actual.length) return false;
  return expected.every((part, index) =>
    part.startsWith(':') ? actual[index] !== '' : part === actual[index],
  );
}
