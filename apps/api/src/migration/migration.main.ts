import { migrate } from './migration.command.js';

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(code)); // temporary files are removed at the exit
}

process.exitCode = await migrate(process.argv.slice(2), process);
