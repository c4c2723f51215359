import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../apps/api/src/doctor/finding.js';
import { runDoctor } from '../../apps/api/src/doctor/run-doctor.js';

const MAIN = fileURLToPath(new URL('../../dist/apps/api/src/doctor/doctor.main.js', import.meta.url));

/** What the doctor said. */
export interface Examined {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
  /** What was written beside the report, such as progress. */
  readonly aside: string;
  /** The lines that begin with this word, such as `FAIL`. */
  of(word: string): string[];
}

export interface ExamineOptions {
  readonly envFile?: string;
  /** @default no time at all */
  readonly sleep?: (milliseconds: number) => Promise<void>;
  /** Whether its output is a terminal. */
  readonly isTTY?: boolean;
}

/** The doctor in this process, with this environment and nothing else. */
export async function examineWith(
  environment: Record<string, string>,
  args: readonly string[] = [],
  { envFile = '/nonexistent/.env', sleep = async () => undefined, isTTY = false }: ExamineOptions = {},
): Promise<Examined> {
  const written: string[] = [];
  const aside: string[] = [];
  const exitCode = await runDoctor({
    args,
    sources: { environment, envFile },
    stdout: { isTTY, write: (text: string | Uint8Array) => written.push(String(text)) > 0 },
    stderr: { isTTY, write: (text: string | Uint8Array) => aside.push(String(text)) > 0 },
    sleep,
  });
  return toExamined(exitCode, written.join(''), aside.join(''));
}

/** The built command in a process of its own. @param launcher a program that starts it, such as one that takes rights away */
export async function runDoctorProcess(
  environment: Record<string, string>,
  folder: string,
  args: readonly string[] = [],
  launcher: readonly string[] = [],
): Promise<Examined> {
  const [program, ...programArgs] = [...launcher, process.execPath, MAIN, ...args];
  const child = spawn(program, programArgs, {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, aside]: Buffer[][] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => aside.push(chunk));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return toExamined(exitCode, Buffer.concat(out).toString(), Buffer.concat(aside).toString());
}

/** The report of `--json`. */
export function reportOf({ lines }: Examined): { ok: boolean; live: boolean; checks: Finding[] } {
  return JSON.parse(lines.join('\n')) as { ok: boolean; live: boolean; checks: Finding[] };
}

function toExamined(exitCode: number | null, output: string, aside: string): Examined {
  const lines = output.trimEnd().split('\n');
  return { exitCode, lines, aside, of: (word) => lines.filter((line) => line.startsWith(`${word} `)) };
}
