// The health check of the image: ends with 0 if the API beside it answers. It does not ask for the store, since a
// restart would not mend that; /readyz tells it to whoever sends requests here.
const { PORT, HOST } = process.env;
const host = !HOST || HOST === '0.0.0.0' || HOST === '::' ? '127.0.0.1' : HOST;
const origin = `http://${host.includes(':') ? `[${host}]` : host}:${PORT || 3000}`;

const answer = await fetch(`${origin}/livez`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
process.exitCode = answer?.ok ? 0 : 1;
