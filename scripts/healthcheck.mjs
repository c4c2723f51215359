// The health check of the container: exit code 0 while the API on PORT is alive. A store that is down does not count:
// to start the process again would not mend it, and /readyz tells the load balancer.
const port = process.env.PORT || '3000';
try {
  const { status } = await fetch(`http://127.0.0.1:${port}/livez`, { signal: AbortSignal.timeout(3_000) });
  if (status !== 200) stop(`/livez answered ${status}.`);
} catch {
  stop(`Nothing answers on port ${port}.`);
}

function stop(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}
