// The page /inbox: it is complete as it comes, and this keeps it as new as the server's.
import { handleActions } from './inbox-actions.js';
import { handleCopying } from './inbox-copy.js';
import { handleDeleting } from './inbox-delete.js';
import { MessageList } from './inbox-list.js';
import { handleMenus } from './inbox-menus.js';
import { startPanel } from './inbox-panel.js';
import { startSearch } from './inbox-search.js';
import { followEvents } from './inbox-stream.js';
import { byId, chip } from './elements.js';

const list = new MessageList();
const panel = startPanel();

handleMenus();
handleCopying();
handleActions();
handleDeleting(list);
startSearch(list);
followEvents({
  after: byId('inbox').dataset.after,
  onEvent(type) {
    void list.refresh({ announce: type === 'message' });
    panel?.refresh();
  },
  onState(isLive) {
    const state = isLive ? chip('ok', 'Live') : chip('wait', 'Reconnecting …');
    byId('connection').replaceChildren(state);
  },
});
