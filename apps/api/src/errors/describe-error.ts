/** The class of an error and where it was thrown. Its text is left out, since it may repeat secrets. */
export function describeError(error: unknown): { error: string; at?: string[] } {
  if (!(error instanceof Error)) return { error: typeof error };
  const { name, message, stack = '' } = error;
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n');
  return { error: name, at: frames.map((line) => line.trim()).filter((line) => line.startsWith('at ')) };
}
