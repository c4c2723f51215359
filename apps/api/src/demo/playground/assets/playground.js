import { byId, copyFrom, element, notice } from '/pages/elements.js';
import { codeIn } from './code-field.js';
import { clockTime, countDown } from './countdown.js';
import { followDelivery } from './delivery.js';
import { call } from './exchanges.js';
import { nextFictionalNumber } from './fictional-number.js';
import { showNewestMessages } from './newest-messages.js';
import { numberField } from './number-field.js';
import { clearProgress, loadProgress, saveProgress } from './progress.js';
import { readToken } from './token.js';

const SENDS = '/v1/verifications';
const UNKNOWN_EXPIRY_MS = 10 * 60_000;

const number = numberField();
const code = byId('code');
const codeLength = Number(byId('playground').dataset.codeLength);
let progress = loadProgress();
let checked; // the code that was checked last: the same one is not checked again by itself
let isBusy = false;
let stops = []; // what runs for the step that is shown

const inbox = showNewestMessages({
  mayFillIn: ({ to }) => progress.step === 'code' && to === progress.phone,
  fillIn(message) {
    code.value = message.code;
    check();
  },
});

// One request at a time, whatever is pressed.
async function once(work) {
  if (isBusy) return;
  isBusy = true;
  for (const control of controls()) control.setAttribute('aria-disabled', 'true');
  try {
    await work();
  } catch {
    showResult(notice('bad', element('p', {}, 'The API cannot be reached. Is it still running?')));
  } finally {
    isBusy = false;
    for (const control of controls()) control.removeAttribute('aria-disabled');
  }
}

function controls() {
  return [byId('send'), byId('check'), ...document.querySelectorAll('.sample')];
}

function authorization() {
  const key = byId('api-key')?.value;
  return key ? { authorization: `Bearer ${key}` } : {};
}

byId('api-key')?.addEventListener('input', ({ target }) => target.removeAttribute('aria-invalid'));
byId('api-key-form')?.addEventListener('submit', (event) => {
  event.preventDefault();
  byId(`${progress.step}-step`).requestSubmit?.();
});

// Step 1: the number

function send(readPhone, purpose) {
  return once(async () => {
    showResult();
    const phone = await readPhone();
    const answer = await call('POST', SENDS, { phone, purpose }, { headers: authorization() });
    const { body } = answer;
    const wait = Number(answer.headers.get('retry-after'));
    if (answer.ok) {
      const serverMs = Date.parse(answer.headers.get('date')) || Date.now();
      move({
        step: 'code',
        id: body.id,
        phone,
        purpose,
        expiresAtMs: Date.now() + Date.parse(body.expiresAt) - serverMs,
        resendAtMs: Date.now() + body.resendAfterSeconds * 1_000,
      });
      showResult(notice('ok', element('p', {}, 'The code is on its way. Watch the inbox.')));
      return;
    }
    if (answer.status === 401) markWrong(byId('api-key'));
    if (body.id) {
      // The code may arrive all the same.
      move({ step: 'code', id: body.id, phone, purpose, resendAtMs: Date.now() + wait * 1_000 });
    } else if (progress.step === 'code' && wait) {
      move({ ...progress, resendAtMs: Date.now() + wait * 1_000 });
    } else if (progress.step === 'number' && body.code === 'PHONE_FORMAT_ERROR') {
      markWrong(number.input);
    }
    showProblem(body);
  });
}

byId('number-step').addEventListener('submit', (event) => {
  event.preventDefault();
  void send(() => number.phone(), byId('purpose').value);
});

byId('samples').addEventListener('click', ({ target }) => {
  const phone = target.closest('.sample')?.dataset.phone;
  if (!phone || isBusy) return;
  number.set(phone === 'new' ? nextFictionalNumber() : phone);
  void send(() => number.phone(), byId('purpose').value);
});

// Step 2: the code

function check() {
  const entered = code.value;
  if (entered === '') {
    code.focus();
    return;
  }
  void once(async () => {
    checked = entered;
    showResult();
    const answer = await call(
      'POST',
      `${SENDS}/${progress.id}/check`,
      { code: entered },
      { headers: authorization() },
    );
    const { body } = answer;
    if (answer.ok) {
      const expiresAtMs = readToken(body.token).claims.exp * 1_000;
      const { phone, purpose } = progress;
      move({ step: 'done', id: body.id, phone, purpose, token: body.token, tokenExpiresAtMs: expiresAtMs });
      byId('done-title').focus();
      return;
    }
    if (body.attemptsLeft !== undefined) {
      progress = { ...progress, attemptsLeft: body.attemptsLeft };
      saveProgress(progress);
      showAttempts();
    }
    showProblem(body);
    markWrong(answer.status === 401 ? byId('api-key') : code);
  });
}

byId('code-step').addEventListener('submit', (event) => {
  event.preventDefault();
  check();
});

code.addEventListener('input', () => {
  const found = codeIn(code.value, codeLength);
  if (found !== code.value) code.value = found;
  code.removeAttribute('aria-invalid');
  if (found.length === codeLength && found !== checked) check();
});

byId('resend').addEventListener('click', ({ currentTarget }) => {
  if (currentTarget.getAttribute('aria-disabled') === 'true') return;
  const { phone, purpose } = progress;
  void send(() => phone, purpose);
});

for (const id of ['change', 'again']) {
  byId(id).addEventListener('click', () => {
    if (isBusy) return;
    move({ step: 'number' });
    showResult();
    number.input.focus();
    number.input.select();
  });
}

byId('copy-token').addEventListener('click', ({ currentTarget }) => copyFrom(currentTarget, progress.token));

// What is shown

function move(next) {
  progress = next;
  checked = undefined;
  if (next.step === 'number') clearProgress();
  else saveProgress(next);
  show();
  if (next.step === 'code') code.focus();
}

function show() {
  for (const stop of stops) stop();
  stops = [];
  const { step } = progress;
  for (const name of ['number', 'code', 'done']) byId(`${name}-step`).hidden = name !== step;
  byId('samples').hidden = step !== 'number';
  showSteps(step);
  if (step === 'code') showCodeStep();
  if (step === 'done') showDoneStep();
  inbox.render();
}

function showSteps(step) {
  const current = ['number', 'code', 'done'].indexOf(step);
  [...byId('steps').children].forEach((item, index) => {
    item.classList.toggle('done', index < current || step === 'done');
    if (index === current) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  });
}

function showCodeStep() {
  const { id, phone, expiresAtMs, resendAtMs } = progress;
  code.value = '';
  code.removeAttribute('aria-invalid');
  byId('sent-to').textContent = phone;
  showAttempts();
  byId('expiry').textContent = '';
  if (expiresAtMs) {
    stops.push(
      countDown(expiresAtMs, (seconds) => {
        byId('expiry').textContent =
          seconds > 0 ? `The code is valid for ${clockTime(seconds)}.` : 'The code has expired.';
      }),
    );
  }
  stops.push(
    countDown(resendAtMs, (seconds) => {
      const resend = byId('resend');
      resend.textContent = seconds > 0 ? `Resend in ${clockTime(seconds)}` : 'Resend code';
      if (seconds > 0) resend.setAttribute('aria-disabled', 'true');
      else resend.removeAttribute('aria-disabled');
    }),
    followDelivery({ id, untilMs: expiresAtMs ?? Date.now() + UNKNOWN_EXPIRY_MS, headers: authorization }),
  );
}

function showAttempts() {
  const { attemptsLeft } = progress;
  byId('attempts').textContent =
    attemptsLeft === undefined ? '' : `${attemptsLeft} ${attemptsLeft === 1 ? 'attempt' : 'attempts'} left.`;
}

function showDoneStep() {
  const { id, phone, token, tokenExpiresAtMs } = progress;
  const { header, claims } = readToken(token);
  byId('verified-phone').textContent = phone;
  byId('header').textContent = JSON.stringify(header, undefined, 2);
  byId('claims').textContent = JSON.stringify(claims, undefined, 2);
  byId('token').textContent = token;
  stops.push(
    countDown(tokenExpiresAtMs, (seconds) => {
      byId('token-life').textContent =
        seconds > 0 ? `It is valid for ${clockTime(seconds)}.` : 'It has expired.';
      if (seconds === 0) clearProgress();
    }),
    followDelivery({ id, untilMs: tokenExpiresAtMs, headers: authorization }),
  );
}

function markWrong(field) {
  field.setAttribute('aria-invalid', 'true');
  field.focus();
  field.select();
}

function showResult(...content) {
  byId('result').replaceChildren(...content);
}

function showProblem({ title, detail, code: errorCode, reason, retryAfterSeconds }) {
  const names = [errorCode, reason].filter(Boolean).join(' · ');
  const lines = [element('p', {}, detail ?? title)];
  if (retryAfterSeconds) {
    // Who listens is told once, not each second.
    const line = element('p', { 'aria-hidden': 'true' });
    const wait = `Try again in ${clockTime(retryAfterSeconds)}.`;
    lines.push(line, element('p', { class: 'visually-hidden' }, wait));
    stops.push(
      countDown(Date.now() + retryAfterSeconds * 1_000, (seconds) => {
        line.textContent = seconds > 0 ? `Try again in ${clockTime(seconds)}.` : 'You can try again now.';
      }),
    );
  }
  lines.push(element('p', { class: 'small mono' }, names));
  showResult(notice('bad', ...lines));
}

show();
