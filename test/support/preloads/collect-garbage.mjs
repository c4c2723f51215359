// Preloaded into a process: at SIGUSR2 it collects its garbage and prints what it still holds, in bytes.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

process.on('SIGUSR2', () => {
  setTimeout(() => {
    for (let round = 0; round < 5; round += 1) collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    process.stdout.write(
      `${JSON.stringify({ event: 'garbage.collected', heldBytes: heapUsed + arrayBuffers })}\n`,
    );
  }, 100); // what was done last comes to its end
});
