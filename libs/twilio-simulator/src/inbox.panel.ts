import { CALLBACK_MODES, type CallbackMode } from './callback.mode.js';
import type { Fault } from './faults.js';
import { escapeHtml } from './pages/page.js';

const FAULTS: readonly [name: string, story: string, fault: Fault][] = [
  ['500, but sent', 'the message goes out all the same', { kind: 'status', status: 500, accepted: true }],
  ['503, not sent', 'nothing was created', { kind: 'status', status: 503 }],
  ['429', 'too many requests', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
  ['Hangs', 'sent, but never answered', { kind: 'hang', accepted: true }],
  ['Connection reset', 'nothing was created', { kind: 'reset', accepted: false }],
  ['Half an answer', 'sent, the 201 is cut off', { kind: 'truncate' }],
  ['Slow answer', 'sent, answered after 5 seconds', { kind: 'delay', ms: 5000 }],
  [
    'Carrier fails',
    'created as undelivered, 30007',
    { kind: 'messageStatus', status: 'undelivered', errorCode: 30007 },
  ],
];

const MODES: Readonly<Record<CallbackMode, string>> = {
  normal: 'in order',
  delayed: '3 seconds late',
  duplicated: 'twice',
  reordered: 'the newest first',
  before_answer: 'before the create request is answered',
  unsigned: 'without a signature',
  none: 'not at all',
};

/** What goes wrong at Twilio, to be chosen by hand. It needs its script. */
export const PANEL = `<details class="card aside panel scripted" id="panel">
<summary><h2>What goes wrong</h2><span id="panel-chip"></span></summary>
<div class="stack">
<fieldset class="stack tight">
<legend>When the next message is sent</legend>
<div class="field">
<label for="fault-times">It happens to</label>
<select id="fault-times"><option value='{"times":1}'>the next request</option><option value='{"times":5}'>the next 5 requests</option><option value='{"always":true,"forMs":60000}'>every request for a minute</option></select>
</div>
<ul class="samples">
${FAULTS.map(renderFault).join('\n')}
</ul>
</fieldset>
<div class="stack tight" role="group" aria-labelledby="pending-title">
<div class="row spread"><h3 id="pending-title">Still to come</h3><button type="button" class="button slim" id="fault-reset">Reset</button></div>
<p id="pending-none" class="small quiet">Nothing. Requests are answered as Twilio would.</p>
<ol id="pending" class="small" hidden></ol>
</div>
<div class="field">
<label for="callback-mode">Status callbacks come</label>
<select id="callback-mode">${CALLBACK_MODES.map((mode) => `<option value="${mode}">${MODES[mode]}</option>`).join('')}</select>
</div>
<div role="status" id="panel-result"></div>
</div>
</details>`;

function renderFault([name, story, fault]: (typeof FAULTS)[number]): string {
  return `<li><button type="button" class="sample" data-fault="${escapeHtml(JSON.stringify(fault))}"><strong>${name}</strong><span>${story}</span></button></li>`;
}
