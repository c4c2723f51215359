// When, where and with what it was measured.
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { root } from '../../scripts/setup.mjs';
import { pinning } from '../harness/cores.mjs';

const OURS = ['@nestjs/core', 'fastify', 'ioredis', 'lmdb', 'undici', 'twilio'];
const RIVALS = [
  'express',
  'better-auth',
  '@nestjs/throttler',
  '@nest-lab/throttler-storage-redis',
  'rate-limiter-flexible',
];

/** Of the machine: this process may be kept on one of its cores. */
export function about() {
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, ${gibibytes} GiB, ${process.platform}`,
    node: process.versions.node,
    pinning: pinning(),
    versions: {
      ...Object.fromEntries(OURS.map((name) => [name, versionOf('.', name)])),
      ...Object.fromEntries(RIVALS.map((name) => [name, versionOf('bench', name)])),
    },
  };
}

function versionOf(folder, name) {
  return JSON.parse(readFileSync(join(root, folder, 'node_modules', name, 'package.json'), 'utf8')).version;
}
