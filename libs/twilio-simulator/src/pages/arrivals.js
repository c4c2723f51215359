/** Tells new messages from old ones that come into view later: by a search, or when a deletion is undone. */
export class Arrivals {
  #seen = new Set();
  #newestAt = '';

  /**
   * Takes note of the messages that are shown.
   * @param messages each with `id` and `createdAt`
   * @returns those that were never shown and are not older than all that were
   */
  note(messages) {
    const newestAt = this.#newestAt;
    const arrived = messages.filter(({ id, createdAt }) => !this.#seen.has(id) && createdAt >= newestAt);
    for (const { id, createdAt } of messages) {
      this.#seen.add(id);
      if (createdAt > this.#newestAt) this.#newestAt = createdAt;
    }
    return arrived;
  }
}
