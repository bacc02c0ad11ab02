/** One server-sent event → the store. */

/** @import { Store } from './store.js' */

/** @type {Record<string, (store: Store, data: any) => void>} */
const HANDLERS = {
  hello: (store, state) => store.start(state),
  'slack.message': (store, { channel, message }) => store.message(channel, message),
  'slack.changed': (store, { channel, message }) => store.message(channel, message),
  'slack.ephemeral': (store, { user, channel, message }) =>
    store.message(channel, { ...message, onlyFor: user }),
  'slack.view': (store, { user, view }) => {
    if (view.type !== 'modal') return;
    store.views = { ...store.views, [user]: view };
    store.changed('view');
  },
  'slack.view_closed': (store, { user, view_id: viewId }) => {
    const { [user]: top, ...others } = store.views;
    if (top?.id !== viewId) return;
    store.views = others;
    store.changed('view');
  },
  'slack.people': (store, { people, groups }) => {
    store.people = people;
    store.groups = groups ?? store.groups;
    store.changed('people', 'me');
  },
  'slack.bot': (store, bot) => {
    store.bot = { ...store.bot, ...bot };
    store.changed('connection');
  },
  'slack.channels': (store, { channels }) => store.setChannels(channels),
  'aws.rules': (store, { groupId, rules }) => {
    store.securityGroups = store.securityGroups.map((group) =>
      group.id === groupId ? { ...group, rules } : group,
    );
    store.changed('rules');
  },
  'aws.schedules': (store, { schedules }) => {
    store.schedules = schedules;
    store.changed('schedules');
  },
  'aws.certificate': (store, certificate) => {
    const known = store.certificates.some(({ arn }) => arn === certificate.arn);
    store.certificates = known
      ? store.certificates.map((present) =>
          present.arn === certificate.arn ? { ...present, ...certificate } : present,
        )
      : [...store.certificates, certificate];
    store.changed('certificate');
  },
  'aws.object': (store, { bucket, key }) => {
    if (!key.startsWith('log/') || (store.log && store.log.bucket !== bucket)) return;
    store.log ??= { bucket, keys: new Set() };
    store.log.keys.add(key);
    store.changed('log');
  },
  'incidents.changed': (store, { incidents }) => {
    store.incidents = incidents;
    store.changed('view');
  },
  'edge.probe': (store, probe) => {
    store.probe = { ...probe, heardAt: Date.now() };
    store.changed('probe');
  },
};

export const EVENT_TYPES = Object.keys(HANDLERS);

/** @param {Store} store @param {string} type @param {any} data */
export function applyEvent(store, type, data) {
  HANDLERS[type]?.(store, data);
}
