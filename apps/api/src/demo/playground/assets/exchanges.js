import { byId, chip, copyButton, element } from '/pages/elements.js';

const SHOWN = 10;
const HEADERS_OF_INTEREST = ['content-type', 'retry-after', 'x-request-id'];

/**
 * Calls the API. Rejects when there is no answer at all.
 * @param options isShown says of an answer whether the exchange is shown to the user; by default each one is
 */
export async function call(method, path, body, { headers = {}, isShown = () => true } = {}) {
  const request = {
    method,
    path,
    headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
    body,
  };
  const startedAt = performance.now();
  const payload = body && { body: JSON.stringify(body) };
  const response = await fetch(path, { method, headers: request.headers, ...payload });
  const answer = {
    status: response.status,
    statusText: response.statusText,
    ok: response.ok,
    headers: response.headers,
    body: await response.json(),
    durationMs: Math.round(performance.now() - startedAt),
  };
  if (isShown(answer)) show(request, answer);
  return answer;
}

function show(request, answer) {
  byId('exchanges-empty').hidden = true;
  const list = byId('exchanges');
  list.hidden = false;
  const shown = exchange(request, answer);
  list.prepend(shown);
  // What the page asked by itself does not push aside what the user reads.
  if (request.method !== 'GET') {
    list.querySelector('details[open]')?.removeAttribute('open');
    shown.open = true;
  }
  while (list.childElementCount > SHOWN) list.lastElementChild.remove();
}

function exchange(request, answer) {
  const { status, statusText, durationMs, ok, headers, body } = answer;
  const lines = HEADERS_OF_INTEREST.filter((name) => headers.has(name)).map(
    (name) => `${name}: ${headers.get(name)}`,
  );
  const json = JSON.stringify(body, undefined, 2);
  return element(
    'details',
    { class: 'exchange' },
    element(
      'summary',
      {},
      chip(ok ? 'ok' : 'bad', `${status} ${statusText}`),
      element('code', {}, `${request.method} ${shortened(request.path)}`),
      element('span', { class: 'small quiet' }, `${durationMs} ms`),
    ),
    element(
      'div',
      { class: 'parts' },
      block('Request', curlOf(request), copyButton('Copy curl', 'Copy the request as curl', curlOf(request))),
      block(
        'Answer',
        [`HTTP/1.1 ${status} ${statusText}`, ...lines, '', json].join('\n'),
        copyButton('Copy JSON', 'Copy the answer as JSON', json),
      ),
    ),
  );
}

/** An id in full is in the request. */
function shortened(path) {
  return path.replace(/[\w-]{40,}/, (id) => `${id.slice(0, 6)}…`);
}

function block(name, text, copy) {
  return element(
    'div',
    { class: 'block' },
    element('div', { class: 'block-head' }, element('span', { class: 'label' }, name), copy),
    element('pre', {}, text),
  );
}

function curlOf({ method, path, headers, body }) {
  const parts = [`curl -i ${location.origin}${path}`];
  for (const [name, value] of Object.entries(headers)) {
    // Whoever copies the command knows the key, and whoever looks over a shoulder need not.
    parts.push(
      `-H ${quoted(name === 'authorization' ? 'authorization: Bearer YOUR_KEY' : `${name}: ${value}`)}`,
    );
  }
  if (body) parts.push(`-d ${quoted(JSON.stringify(body))}`);
  else if (method !== 'GET') parts.push(`-X ${method}`);
  return parts.join(' \\\n  ');
}

/** As one word of a shell. */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
