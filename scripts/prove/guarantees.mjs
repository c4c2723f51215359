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

/** @param proofs none of which failed: `{ guarantees, tries, faults, result, file, test, date }` */
export function renderGuarantees(proofs) {
  const lettered = proofs.map((proof, index) => ({ ...proof, letter: letterOf(index) }));
  return `# What holds, and what was done to break it

\`npm run prove\` wrote this page (Node ${process.versions.node}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB). It tries to break each guarantee: with processes that are killed, a Redis that loses its answers, a Twilio that fails in every way, and many callers at once. A proof that fails prints its seed and how to repeat it (\`PROOF_SEED=123 npm run prove -- histories\`), and then this page is not written. \`npm test\` runs the same proofs in a short form, with other random numbers each time.

## The nine guarantees

| | guarantee | tried by | result | again |
| - | - | - | - | - |
${GUARANTEES.map((text, index) => guaranteeRow(text, index + 1, lettered)).join('\n')}

## The proofs

${lettered.map(proofSection).join('\n\n')}
`;
}

function guaranteeRow(text, number, proofs) {
  const own = proofs.filter(({ guarantees }) => guarantees.includes(number));
  const tried = own.map(({ letter, tries }) => `${letter}: ${tries}`);
  const commands = new Set(own.map(commandOf));
  const result = own.length > 0 ? 'held every time' : 'not tried';
  return row([number, text, tried.join('<br>'), result, [...commands].join('<br>')]);
}

function proofSection(proof) {
  const { letter, test, tries, faults, result, file, date } = proof;
  return [
    `### ${letter}. ${test}`,
    '',
    `- Tried: ${tries}`,
    `- What went wrong meanwhile, on purpose: ${faults}`,
    `- Result on ${date}: ${result}`,
    `- Again: ${commandOf(proof)} ([${file}](../${file}))`,
  ].join('\n');
}

/** test/proof/kills.proof-spec.ts is kills */
function commandOf({ file }) {
  return `\`npm run prove -- ${/([^/]+)\.proof-spec\.ts$/.exec(file)[1]}\``;
}

/** A, B, ... Z, AA, AB ... */
function letterOf(index) {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letterOf(Math.floor(index / 26) - 1) + last;
}

function row(cells) {
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}
