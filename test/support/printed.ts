import { inspect, types } from 'node:util';

/**
 * All that `util.inspect` would show of an object if it went to any depth and showed hidden properties: every text and
 * every byte that can be reached without calling a getter. As there, an object that prints itself is what it prints.
 * Each object is shown once, so that a whole application can be.
 * @param seen objects that were shown before
 */
export function printedDeep(root: unknown, seen = new Set<unknown>()): string[] {
  const texts: string[] = [];
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
      texts.push(String(value));
      continue;
    }
    if (seen.has(value)) continue;
    seen.add(value);
    const { [inspect.custom as never]: printsItself } = value as Record<string, unknown>;
    if (typeof printsItself === 'function' || ArrayBuffer.isView(value)) {
      texts.push(ArrayBuffer.isView(value) ? bytesOf(value) : inspect(value));
      continue;
    }
    if (types.isMap(value)) waiting.push(...value.keys(), ...value.values());
    if (types.isSet(value)) waiting.push(...value);
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      texts.push(name);
      if ('value' in property) waiting.push(property.value);
    }
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      const property = Object.getOwnPropertyDescriptor(value, symbol)!;
      if ('value' in property) waiting.push(property.value);
    }
  }
  return texts;
}

function bytesOf(view: ArrayBufferView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('latin1');
}

/** As text and as JSON, or why there is none: it refers to itself, or holds what has no text. */
export function printedFlat(value: unknown): string[] {
  return [() => String(value), () => JSON.stringify(value), () => inspect(value, { showHidden: true })].map(
    (print) => {
      try {
        return print();
      } catch (error) {
        return (error as Error).message;
      }
    },
  );
}
