import '../config/no-debug-output.js';
import { processSources } from '../config/parameter.sources.js';
import { runDoctor } from './run-doctor.js';

// Who reads only the beginning, as `head` does, closes the pipe. The exit code still tells what was found.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE' && code !== 'ERR_STREAM_DESTROYED') process.exit(1);
});

process.exitCode = await runDoctor({
  args: process.argv.slice(2),
  sources: processSources(),
  stdout: process.stdout,
  stderr: process.stderr,
});
