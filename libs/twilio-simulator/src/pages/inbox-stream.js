const PAUSE_MS = 2_000;
const TYPES = ['message', 'deleted', 'reset'];

/**
 * Follows what happens in the inbox. After a lost connection the server repeats what came meanwhile, or says `reset`.
 * @param after the number of the newest event that the page knows of; left out, what comes from now on is told
 * @param onEvent told the type of the event, its number and its data
 * @param onState told whether the stream is open, when that changes
 */
export function followEvents({ after, onEvent, onState }) {
  let last = after;
  function open() {
    const events = new EventSource(last === undefined ? '/inbox/events' : `/inbox/events?after=${last}`);
    for (const type of TYPES) {
      events.addEventListener(type, ({ lastEventId, data }) => {
        last = lastEventId || last;
        onEvent(type, { id: Number(last), data: JSON.parse(data) });
      });
    }
    events.addEventListener('open', () => onState(true));
    events.addEventListener('error', () => {
      onState(false);
      // Browsers go on by themselves, except after an answer that was no stream.
      if (events.readyState === EventSource.CLOSED) setTimeout(open, PAUSE_MS);
    });
  }
  open();
}
