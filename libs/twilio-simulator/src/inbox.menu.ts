import type { InboxMessage } from './inbox.message.js';

/** Why carriers do not deliver, as Twilio says it. */
const ERRORS: readonly [code: number, meaning: string][] = [
  [30003, 'handset cannot be reached'],
  [30005, 'handset is unknown'],
  [30006, 'landline or carrier cannot be reached'],
  [30007, 'filtered by the carrier'],
];

const CARRIER = `<div class="stack tight" role="group" aria-label="Carrier">
<p class="label">Carrier</p>
<div class="row"><button type="button" class="button slim" data-post="status" data-body='{"status":"delivered"}' data-done="Marked as delivered.">Mark delivered</button></div>
<form class="fail" novalidate>
<label>Or it is <select name="status"><option value="undelivered">undelivered</option><option value="failed">failed</option></select></label>
<label>because <select name="error">${ERRORS.map(([code, meaning]) => `<option value="${code}">${code} ${meaning}</option>`).join('')}<option value="other">another error code</option><option value="">no error code</option></select></label>
<label hidden>Error code <input name="other" inputmode="numeric" autocomplete="off" maxlength="5"></label>
<button class="button slim">Mark</button>
</form>
</div>`;

const PHONE = `<div class="stack tight" role="group" aria-label="Phone">
<p class="label">Phone</p>
<div class="row">
<button type="button" class="button slim" data-post="reply" data-body='{"body":"STOP"}' data-done="The phone replied STOP: later messages of this sender are refused with 21610.">Reply STOP</button>
<button type="button" class="button slim" data-post="reply" data-body='{"body":"START"}' data-done="The phone replied START: it takes messages of this sender again.">Reply START</button>
</div>
</div>`;

const SENDER = `<div class="stack tight" role="group" aria-label="Sender">
<p class="label">Sender</p>
<div class="row"><button type="button" class="button slim" data-post="callback">Send the callback again</button></div>
</div>`;

/**
 * What a person can do with a message in place of the phone and the carrier, by its direction; a script puts it where it
 * is opened. `data-post` is an address below that of the message, `data-body` what is sent there.
 */
export const MENU_TEMPLATES = [
  renderTemplate('outbound', [CARRIER, PHONE, SENDER]),
  renderTemplate('inbound', [PHONE]),
].join('\n');

function renderTemplate(direction: InboxMessage['direction'], groups: string[]): string {
  return `<template id="menu-${direction}">
<div class="menu-content">
${groups.join('\n')}
<div role="status" data-result></div>
</div>
</template>`;
}
