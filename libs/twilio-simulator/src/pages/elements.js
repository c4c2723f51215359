// Pieces of a page. What others wrote is only ever set as text, never read as HTML.

const SVG = 'http://www.w3.org/2000/svg';
const SAID_MS = 2_000;

/** @param {string} id */
export const byId = (id) => document.getElementById(id);

/** An element with attributes and children; a child that is a string becomes text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A decoration, one of those that the page brought along. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A state in a word, with its icon. @param kind ok, bad, wait or info */
export function chip(kind, text) {
  return element('span', { class: `chip ${kind}` }, icon(kind), text);
}

/** Tells what happened. @param kind ok, bad, wait or info */
export function notice(kind, ...lines) {
  return element('div', { class: `notice ${kind}` }, icon(kind), element('div', {}, ...lines));
}

/** @param action called on each press */
export function button(text, action, kind = 'slim') {
  const made = element('button', { type: 'button', class: `button ${kind}` }, text);
  made.addEventListener('click', action);
  return made;
}

/** A button that copies, and says so. @param name what is copied, for those who do not see where the button is */
export function copyButton(text, name, content) {
  const copy = button(text, () => copyFrom(copy, content));
  copy.setAttribute('aria-label', name);
  return copy;
}

/** Copies, and says so on the button. */
export async function copyFrom(pressed, content) {
  const text = pressed.textContent;
  const name = pressed.getAttribute('aria-label');
  if (pressed.dataset.said) return;
  pressed.dataset.said = 'true';
  // Browsers have a clipboard on this machine and over https alone.
  const isCopied = await navigator.clipboard?.writeText(content).then(
    () => true,
    () => false,
  );
  pressed.textContent = isCopied ? 'Copied' : 'Not possible here';
  pressed.removeAttribute('aria-label');
  setTimeout(() => {
    pressed.textContent = text;
    delete pressed.dataset.said;
    if (name !== null) pressed.setAttribute('aria-label', name);
  }, SAID_MS);
}
