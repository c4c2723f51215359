import { escapeHtml, icon, renderPage, type PageLink } from '@app/twilio-simulator';
import { PURPOSES, type Purpose } from '../../verification/purpose.js';
import type { Country } from './countries.js';
import { SAMPLES, type Sample } from './samples.js';

const DEFAULT_COUNTRY = 'US';
const PURPOSE_NAMES: Record<Purpose, string> = {
  register: 'Register an account',
  login: 'Log in',
  reset_password: 'Reset a password',
  bind_phone: 'Bind a phone to an account',
};

export interface PlaygroundContent {
  readonly countries: readonly Country[];
  readonly asksForApiKey: boolean;
  /** Digits of a code. */
  readonly codeLength: number;
  /** Under which the page was asked for. */
  readonly origin: string;
  readonly links: readonly PageLink[];
}

/** The page that lets one try it all: a number, its code, the token. */
export function renderPlayground(content: PlaygroundContent): string {
  return renderPage({
    title: 'Playground',
    links: content.links,
    here: '/',
    script: '/playground/playground.js',
    main: `<div class="intro">
<h1>Verify a phone number</h1>
<p class="lead">Send a code to any number. The message goes the whole way to a simulator of Twilio on this machine and arrives in the inbox on this page, so no phone is needed and nothing is billed.</p>
</div>
<noscript><div class="notice">${icon('info')}<div class="stack tight"><p>This page needs JavaScript. Without it, use curl:</p>
<pre>${escapeHtml(curlCommands(content))}</pre></div></div></noscript>
<div class="columns" id="playground" data-code-length="${content.codeLength}">
${verifyCard(content)}
${INBOX_CARD}
${EXCHANGES_CARD}
</div>`,
  });
}

function curlCommands({ origin, asksForApiKey }: PlaygroundContent): string {
  const key = asksForApiKey ? ` -H 'authorization: Bearer YOUR_KEY'` : '';
  return `curl -s ${origin}/v1/verifications${key} -H 'content-type: application/json' -d '{"phone":"+12025550123"}'
curl -s '${origin}/inbox/messages/latest?to=%2B12025550123&wait=10'
curl -s ${origin}/v1/verifications/ID/check${key} -H 'content-type: application/json' -d '{"code":"CODE"}'`;
}

function verifyCard({ countries, asksForApiKey, codeLength }: PlaygroundContent): string {
  return `<section class="card" aria-labelledby="verify-title">
<h2 id="verify-title" class="visually-hidden">Verification</h2>
<ol class="steps" id="steps">
<li aria-current="step">1. Number</li>
<li>2. Code</li>
<li>3. Verified</li>
</ol>
${asksForApiKey ? API_KEY_FORM : ''}
<form id="number-step" class="stack" novalidate>
<div class="fields">
<div class="field">
<label for="country">Country</label>
<select id="country" autocomplete="tel-country-code">
${countries.map(countryOption).join('\n')}
</select>
</div>
<div class="field">
<label for="number">Phone number</label>
<input id="number" type="tel" autocomplete="tel-national" maxlength="40" spellcheck="false" aria-describedby="e164">
</div>
</div>
<p id="e164" class="hint">For example 202 555 0123, or with a country code +44 20 7946 0123.</p>
<div class="field">
<label for="purpose">What the code is for</label>
<select id="purpose">
${PURPOSES.map((purpose) => `<option value="${purpose}">${PURPOSE_NAMES[purpose]} (${purpose})</option>`).join('\n')}
</select>
</div>
<div class="row"><button class="button primary" id="send">Send code</button></div>
</form>

<form id="code-step" class="stack" novalidate hidden>
<p><span class="quiet">Code sent to</span> <strong id="sent-to" class="mono"></strong> <button type="button" class="link-button" id="change">Change number</button></p>
<div class="field">
<label for="code">Code from the message</label>
<input id="code" class="code-input" inputmode="numeric" autocomplete="one-time-code" spellcheck="false" aria-describedby="code-hint code-facts">
</div>
<p id="code-hint" class="hint">It has ${codeLength} digits, and is checked as soon as the last one is entered.</p>
<p id="code-facts" class="row hint"><span id="expiry"></span><span id="attempts"></span></p>
<div class="row">
<button class="button primary" id="check">Check code</button>
<button type="button" class="button" id="resend">Resend code</button>
</div>
</form>

<div id="done-step" class="stack" hidden>
<div class="hero">${icon('ok')}<div><h3 id="done-title" tabindex="-1">Number verified</h3><p id="verified-phone" class="mono"></p></div></div>
<p>The token proves it to the service that goes on with the sign-up: a signed JWT, to be checked against <a href="/.well-known/jwks.json">the public keys</a>. <span id="token-life"></span></p>
<div class="block">
<div class="block-head"><span class="label">Token</span><button type="button" class="button slim" id="copy-token">Copy token</button></div>
<pre id="token"></pre>
</div>
<div class="fields">
<div class="block"><span class="label">Header</span><pre id="header"></pre></div>
<div class="block"><span class="label">Claims</span><pre id="claims"></pre></div>
</div>
<div class="row"><button type="button" class="button primary" id="again">Verify another number</button></div>
</div>

<div id="result" role="status" aria-live="polite"></div>
<p id="delivery" class="row small" hidden><span class="quiet">Delivery</span> <span id="delivery-chip"></span> <span id="delivery-reason"></span></p>
<fieldset class="stack tight" id="samples">
<legend>Or try a sample number</legend>
<ul class="samples">
${SAMPLES.map(sampleButton).join('\n')}
</ul>
</fieldset>
</section>`;
}

/** Every step needs it, and it is not kept. */
const API_KEY_FORM = `
<form id="api-key-form" class="stack" novalidate>
<div class="field">
<label for="api-key">API key (server.api_key is set)</label>
<input id="api-key" type="password" autocomplete="off" aria-describedby="api-key-hint">
</div>
<p id="api-key-hint" class="hint">Sent with each request, and kept nowhere: after a reload it is to be entered again.</p>
</form>
`;

const INBOX_CARD = `<section class="card aside" aria-labelledby="inbox-title">
<div class="card-head"><h2 id="inbox-title">Inbox</h2><a class="small" href="/inbox">All messages</a></div>
<p id="inbox-empty" class="empty">No messages yet. What is sent appears here by itself.</p>
<ol id="messages" class="messages"></ol>
<p id="inbox-news" class="visually-hidden" role="status"></p>
</section>`;

const EXCHANGES_CARD = `<section class="card" aria-labelledby="exchanges-title">
<div class="stack tight">
<h2 id="exchanges-title">What just happened</h2>
<p class="small quiet" id="exchanges-empty">Each request of this page and its answer is shown here, ready to copy into a terminal.</p>
</div>
<div id="exchanges" hidden></div>
</section>`;

function countryOption({ code, name, callingCode }: Country): string {
  const selected = code === DEFAULT_COUNTRY ? ' selected' : '';
  return `<option value="${code}"${selected}>${escapeHtml(name)} (+${callingCode})</option>`;
}

function sampleButton({ phone, name, story }: Sample): string {
  return `<li><button type="button" class="sample" data-phone="${phone}"><strong>${escapeHtml(name)}</strong><span>${escapeHtml(story)}</span></button></li>`;
}
