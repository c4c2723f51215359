import { describe, expect, it } from '@jest/globals';
import { STATUSES } from './inbox.card.js';

describe('The status of a message', () => {
  it('is shown in the same word and with the same icon by the server and by the scripts of its pages', async () => {
    const file = new URL('./pages/message-statuses.js', import.meta.url);
    const scripts = (await import(file.href)) as { STATUSES: typeof STATUSES };

    expect(scripts.STATUSES).toEqual(STATUSES);
  });
});
