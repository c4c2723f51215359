import { byId } from '/pages/elements.js';

const PAUSE_MS = 120;
const COUNTRY_KEY = 'playground.country';

/** The country and the number, which the server formats while they are typed. */
export function numberField() {
  const country = byId('country');
  const input = byId('number');
  const output = byId('e164');
  const explanation = output.textContent;
  let entry; // what the server said of the text that stands there
  let timer;
  let knownLength = 0;

  const remembered = localStorage.getItem(COUNTRY_KEY);
  if (remembered && hasCountry(remembered)) country.value = remembered;

  function hasCountry(code) {
    return [...country.options].some((option) => option.value === code);
  }

  async function ask({ mayFormat, asNational }) {
    const asked = { country: country.value, text: input.value };
    const response = await fetch('/playground/number', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(asked),
    });
    if (!response.ok) throw new Error('no answer');
    const answer = await response.json();
    // A late answer to what stands there no more changes nothing.
    const isCurrent = asked.text === input.value && asked.country === country.value;
    if (isCurrent) use(answer, mayFormat, asNational);
  }

  function use(answer, mayFormat, asNational) {
    entry = answer;
    if (hasCountry(answer.country) && answer.e164) choose(answer.country);
    if (mayFormat) replaceText(asNational && answer.possible ? answer.national : answer.formatted);
    showE164();
  }

  function choose(code) {
    country.value = code;
    localStorage.setItem(COUNTRY_KEY, code);
  }

  /** The caret stays behind the digit it was behind. */
  function replaceText(text) {
    if (text === '' || text === input.value) return;
    const isFocused = document.activeElement === input;
    const digitsBefore = countDigits(input.value.slice(0, input.selectionStart ?? input.value.length));
    const isAtEnd = input.selectionStart === input.value.length;
    input.value = text;
    knownLength = text.length;
    if (!isFocused) return;
    const caret = isAtEnd ? text.length : positionAfter(text, digitsBefore);
    input.setSelectionRange(caret, caret);
  }

  function showE164() {
    if (input.value.trim() === '' || !entry?.e164) output.textContent = explanation;
    else {
      output.textContent = `E.164: ${entry.e164}${entry.possible ? '' : ' (not complete yet)'}`;
    }
  }

  function soon(options) {
    entry = undefined;
    clearTimeout(timer);
    timer = setTimeout(() => ask(options).catch(() => {}), PAUSE_MS);
  }

  input.addEventListener('input', (event) => {
    if (event.isComposing) return;
    input.removeAttribute('aria-invalid');
    const added = input.value.length - knownLength;
    knownLength = input.value.length;
    // A separator that was deleted must not come back at once. What came as a whole was pasted or filled in.
    soon({ mayFormat: added >= 0, asNational: added > 1 });
    if (input.value.trim() === '') showE164();
  });
  country.addEventListener('change', () => {
    localStorage.setItem(COUNTRY_KEY, country.value);
    // An international number names its own country, so it is written as a national one first.
    if (input.value.trim().startsWith('+')) input.value = entry?.national ?? '';
    if (input.value.trim() !== '') soon({ mayFormat: true, asNational: false });
  });

  return {
    input,
    /** The number to send; what stands there when the server knows no better. */
    async phone() {
      clearTimeout(timer);
      if (!entry) await ask({ mayFormat: true, asNational: true }).catch(() => {});
      return entry?.e164 ?? input.value.trim();
    },
    set(text) {
      input.value = text;
      knownLength = text.length;
      entry = undefined;
    },
  };
}

function countDigits(text) {
  return text.replaceAll(/\D/g, '').length;
}

function positionAfter(text, digits) {
  let seen = 0;
  for (let position = 0; position < text.length; position++) {
    if (seen === digits) return position;
    if (/\d/.test(text[position])) seen++;
  }
  return text.length;
}
