/** Wires the page together. */
import { applyEvent, EVENT_TYPES } from './apply-event.js';
import { channelPane, notices } from './channel-pane.js';
import { askToConfirm } from './dialogs.js';
import { byId } from './dom.js';
import { followEvents } from './event-stream.js';
import { showHelp } from './help.js';
import { hint } from './hint.js';
import { newestLife } from './life.js';
import { followLog } from './log-reader.js';
import { logTile } from './log-tile.js';
import { modals } from './modal.js';
import { outside } from './outside.js';
import { followPermalinks } from './permalinks.js';
import { shortcuts } from './shortcuts.js';
import { sidebar } from './sidebar.js';
import { Store } from './store.js';
import { threadPane } from './thread-pane.js';
import { timeline } from './timeline.js';

/** @import { LogRecord, ConfirmObject } from './types.d.ts' */

const store = new Store();
const confirm = (/** @type {ConfirmObject} */ question) => askToConfirm(question, store.directory());
const notice = notices(byId('notices'));

sidebar(store);
const thread = threadPane({ store, confirm, notice });
const channel = channelPane({ store, confirm, notice, openThread: thread.open });
modals(store, confirm);
outside(store);

const hints = hint(store);
const drawTimeline = timeline(store);
const drawLog = logTile();
/** @type {{ records: LogRecord[], size: number | undefined }} */
let log = { records: [], size: undefined };

function drawLife() {
  const life = newestLife(log.records);
  drawTimeline(life);
  hints.show(life);
  drawLog(log.size);
}
followLog(store, (read) => {
  log = read;
  drawLife();
});
store.on(['people'], drawLife);
drawLife();

const help = () => showHelp(hints.again);
byId('help').addEventListener('click', help);
followPermalinks(store);
shortcuts(store, { compose: channel.focusComposer, help });

followEvents(EVENT_TYPES, {
  event: (type, data) => applyEvent(store, type, data),
  connected: (yes) => store.setConnected(yes),
});
