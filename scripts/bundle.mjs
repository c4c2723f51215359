// Puts the built API and its dependencies into a few files, dist/api. See docs/decisions/one-bundle.md
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { API, root } from './setup.mjs';

const dist = join(root, 'dist');
const output = dirname(join(dist, API));

/**
 * These stay in node_modules. Of the SDK a few files are used, and all of them are more than everything else; lmdb has an
 * add-on; and an SDK of OpenTelemetry is loaded before the API, which is to find it.
 */
const OUTSIDE = ['twilio', 'lmdb', '@opentelemetry/api'];
/** What Nest loads if an app uses it. This one does not. */
const UNUSED = /^@nestjs\/(microservices|websockets|platform-express)|^@fastify\/(static|view|multipart)/;

/** A script of Redis or a picture is read from beside the file that asks for it, as without a bundle. */
const filesBesideOurs = {
  name: 'files-beside-ours',
  async load(path) {
    if (!path.startsWith(dist)) return undefined;
    const here = `new URL(${JSON.stringify(relative(output, path))}, import.meta.url).href`;
    return (await readFile(path, 'utf8')).replaceAll('import.meta.url', here);
  },
};

const bundle = await rolldown({
  input: join(dist, 'apps/api/src/main.js'),
  platform: 'node',
  external: [...OUTSIDE, UNUSED],
  plugins: [filesBesideOurs],
});
await bundle.write({
  dir: output,
  cleanDir: true,
  entryFileNames: '[name].mjs',
  chunkFileNames: '[name]-[hash].mjs',
  keepNames: true, // of a class, Nest makes the context of a line in the log, and the name of a schema
  strictExecutionOrder: true, // as without a bundle
});
await bundle.close();
