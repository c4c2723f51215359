import { setTimeout as sleep } from 'node:timers/promises';
import type { WriteStream } from 'node:tty';
import type { ParameterSources } from '../config/parameter.sources.js';
import { readArguments, USAGE, UsageError, type DoctorArguments } from './doctor.arguments.js';
import { examine } from './doctor.js';
import { isOk, jsonOf, lineOf, summaryOf } from './doctor.report.js';
import type { Finding } from './finding.js';
import { ProgressLine } from './progress-line.js';

type Output = Pick<WriteStream, 'write' | 'isTTY'>;

/** What the doctor is given by the process that it runs in. */
export interface DoctorSurroundings {
  readonly args: readonly string[];
  readonly sources: ParameterSources;
  readonly stdout: Output;
  /** For progress, and for what is wrong with the command line. */
  readonly stderr: Output;
  /** @default real time */
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
}

export const DOCTOR_EXIT_CODES = { ok: 0, failed: 1, wrongUsage: 2 } as const;

/** The command. @returns its exit code */
export async function runDoctor(surroundings: DoctorSurroundings): Promise<number> {
  const { args, stdout, stderr } = surroundings;
  let asked: DoctorArguments;
  try {
    asked = readArguments(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`${error.message}\n\n${USAGE}\n`);
    return DOCTOR_EXIT_CODES.wrongUsage;
  }
  if (asked.help) {
    stdout.write(`${USAGE}\n`);
    return DOCTOR_EXIT_CODES.ok;
  }
  const findings = await report(asked, surroundings);
  return isOk(findings) ? DOCTOR_EXIT_CODES.ok : DOCTOR_EXIT_CODES.failed;
}

/** Lines are written as they are found; a JSON document at the end. */
async function report(
  { live, json, sendTo }: DoctorArguments,
  { sources, stdout, stderr, sleep: wait = sleep }: DoctorSurroundings,
): Promise<Finding[]> {
  const beganAt = performance.now();
  const colours = stdout.isTTY && !sources.environment['NO_COLOR'];
  const progress = new ProgressLine(stderr);
  const waiting = {
    progress: (text: string) => progress.show(text),
    sleep: async (milliseconds: number) => void (await wait(milliseconds)),
  };
  const findings: Finding[] = [];
  for await (const finding of examine({ sources, live, sendTo, waiting })) {
    findings.push(finding);
    progress.clear();
    if (!json) stdout.write(`${lineOf(finding, colours)}\n`);
  }
  const seconds = (performance.now() - beganAt) / 1_000;
  stdout.write(`${json ? jsonOf(findings, live) : summaryOf(findings, live, seconds)}\n`);
  return findings;
}
