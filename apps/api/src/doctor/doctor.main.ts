import '../config/no-debug-output.js';
import { processSources } from '../config/parameter.sources.js';
import { runDoctor } from './run-doctor.js';

// Who reads only the beginning, as `head` does, closes the pipe.
process.stdout.on('error', () => process.exit());

process.exitCode = await runDoctor({
  args: process.argv.slice(2),
  sources: processSources(),
  stdout: process.stdout,
  stderr: process.stderr,
});
