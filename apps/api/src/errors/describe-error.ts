/** The class of an error and where it was thrown. Its text is left out, since it may repeat secrets. */
export function describeError(error: unknown): { error: string; at?: string[] } {
  if (!(error instanceof Error)) return { error: typeof error };
  const { name, message, stack = '' } = error;
  const start = stack.indexOf(message);
  const frames = start < 0 ? [] : stack.slice(start + message.length).split('\n'); // its text may look like a frame
  return { error: name, at: frames.map((line) => line.trim()).filter((line) => line.startsWith('at ')) };
}
