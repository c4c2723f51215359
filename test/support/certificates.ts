import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate for a host name, which is its own authority, in a folder. @returns paths of files */
export async function makeCertificate(
  folder: string,
  hostname: string,
): Promise<{ certificate: string; key: string }> {
  const { cert, private: privateKey } = await generate([{ name: 'commonName', value: hostname }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: hostname }] },
    ],
  });
  const [certificate, key] = [join(folder, `${hostname}.crt`), join(folder, `${hostname}.key`)];
  await writeFile(certificate, cert);
  await writeFile(key, privateKey, { mode: 0o600 });
  return { certificate, key };
}
