import { byId, copyFrom } from './elements.js';
import { whenPressed } from './inbox-press.js';

/** Buttons with `data-copy` copy it, and say so to the eye and the ear. */
export function handleCopying() {
  whenPressed(document, '[data-copy]', async (pressed) => {
    await copyFrom(pressed, pressed.dataset.copy);
    byId('news').textContent = pressed.textContent;
  });
}
