// docs/guarantees.md, from what the proofs did.
import { cpus, totalmem } from 'node:os';

/** What holds, whatever happens: in any interleaving, with any number of processes, restarts, faults and spellings. */
const GUARANTEES = [
  'Two sends to one phone are never closer than the cooldown, unless they are retries of one reservation with the same body.',
  'Reservations per phone in any 24 hours never exceed `server.sms_max_send_count`.',
  'A refusal changes nothing: no allowance is used, the cooldown is not prolonged, and the earlier code still works.',
  'A definite failure gives exactly its own reservation back; reservations that are given back are bounded themselves.',
  'An ambiguous failure keeps the reservation, and its code stays checkable.',
  'A code can be checked before Twilio is asked to deliver it, and is accepted at most once.',
  'A new code replaces the old one only if its own send was not a definite failure.',
  'No output of any kind holds a code, a credential or a full phone number.',
  'When the store cannot answer, nothing is sent and nothing is approved.',
];

export function renderGuarantees(proofs, date) {
  return `# What holds, and what was done to break it

\`npm run prove\` wrote this page on ${date.toISOString().slice(0, 10)} (Node ${process.versions.node}, ${cpus().length} cores,
${Math.round(totalmem() / 2 ** 30)} GiB). It tries to break each guarantee, with processes that are killed, a Redis that loses its answers, a
Twilio that fails in every way, and many callers at once. If one of the proofs fails, it prints how to repeat that, and this
page is not written. \`npm test\` runs the same proofs in a short form, with other random numbers each time.

Each proof prints its seed when it fails: \`PROOF_SEED=123 npm run prove -- histories\` repeats that run.

## The nine guarantees

| | guarantee | tried by |
| - | - | - |
${GUARANTEES.map((text, index) => `| ${index + 1} | ${text} | ${cell(linksOf(proofs, index + 1))} |`).join('\n')}

## The proofs

| | proof | tried | what went wrong meanwhile, on purpose | result | again |
| - | - | - | - | - | - |
${proofs.map((proof, index) => `| ${letterOf(index)} | ${cell([proof.test])} | ${cell([proof.tries])} | ${cell([proof.faults])} | ${cell([proof.result])} | \`npm run prove -- ${nameOf(proof)}\` |`).join('\n')}
`;
}

/** @throws Error if nothing tries to break this guarantee */
function linksOf(proofs, number) {
  const found = proofs.flatMap(({ guarantees }, index) =>
    guarantees.includes(number) ? [letterOf(index)] : [],
  );
  if (found.length === 0) throw new Error(`No proof tries to break guarantee ${number}.`);
  return [found.join(', ')];
}

/** A, B, ... Z, AA, AB ... */
function letterOf(index) {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letterOf(Math.floor(index / 26) - 1) + last;
}

/** test/proof/kills.proof-spec.ts is kills */
function nameOf({ file }) {
  return /([^/]+)\.proof-spec\.ts$/.exec(file)[1];
}

function cell(parts) {
  return parts.join('<br>').replaceAll('|', '\\|');
}
