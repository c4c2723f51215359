import { element, notice } from './elements.js';

const UNREACHABLE = { ok: false, status: 0, body: { detail: 'The simulator cannot be reached.' } };

/** Asks the inbox or the simulator. @returns whether it went well, the status, and the body of the answer if it has one */
export async function call(method, path, body) {
  try {
    const response = await fetch(path, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    const text = await response.text();
    const { ok, status } = response;
    return { ok, status, body: text === '' ? undefined : JSON.parse(text) };
  } catch {
    return UNREACHABLE;
  }
}

export const pathOf = (id) => `/inbox/messages/${encodeURIComponent(id)}`;

/** Tells in a place of its own what came of a request. Told twice, it is read out twice. */
export function tell(place, kind, text) {
  place.replaceChildren(notice(kind, element('p', { class: 'small' }, text)));
}

/** @returns whether there was one */
export function tellProblem(place, { ok, body, status }) {
  if (!ok) tell(place, 'bad', body?.detail ?? `The answer was ${status}.`);
  return !ok;
}
