import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a script as someone who pastes it into bash. @returns what it prints */
export async function paste(script: string, folder: string): Promise<string> {
  const child = spawn('bash', ['-u'], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
  let printed = '';
  let complaints = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  child.stdin.end(script);
  const [exitCode] = (await once(child, 'close')) as [number];
  if (exitCode !== 0 || complaints !== '') throw new Error(`bash ended with ${exitCode}: ${complaints}`);
  return printed;
}
