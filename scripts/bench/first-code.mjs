// From a clone to the first verified code, as a new user would get there: clone, npm start, send, read the inbox, check.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../setup.mjs';

const PHONE = '+12025550123';

export async function measureFirstCode() {
  const folder = mkdtempSync(join(tmpdir(), 'first-code-'));
  const clone = join(folder, 'clone');
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1_000).toFixed(1)} s`;
  const step = (name) => process.stdout.write(`${seconds().padStart(8)}  ${name}\n`);
  let server;
  try {
    // What is committed, without what this copy has installed and built.
    if (spawnSync('git', ['clone', '--quiet', root, clone]).status !== 0) throw new Error('git clone failed');
    step('cloned');
    server = spawn('npm', ['start'], {
      cwd: clone,
      env: { ...process.env, PORT: '0', NODE_ENV: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const url = await addressOf(server);
    step('npm start is listening');
    const { id } = await ask(`${url}/v1/verifications`, { phone: PHONE });
    step('code sent');
    const { code } = await ask(`${url}/inbox/messages/latest?to=${encodeURIComponent(PHONE)}&wait=10`);
    step('code read in the inbox');
    const { status } = await ask(`${url}/v1/verifications/${id}/check`, { code });
    if (status !== 'approved') throw new Error(`the code was not approved: ${status}`);
    step(`verified, on Node ${process.versions.node} with npm's cache as it is`);
  } finally {
    if (server?.pid) process.kill(-server.pid, 'SIGTERM'); // npm and what it started
    if (server && server.exitCode === null) await once(server, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}

function addressOf(server) {
  return new Promise((resolve, reject) => {
    server.once('exit', () => reject(new Error('npm start ended')));
    createInterface({ input: server.stdout }).on('line', (line) => {
      const started = /"event":"started","url":"([^"]+)"/.exec(line);
      if (started) resolve(started[1]);
    });
  });
}

async function ask(url, body) {
  const response = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}
