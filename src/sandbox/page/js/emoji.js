/** The emoji that operational messages use; any other name stays as it was typed. */

/** @type {Record<string, string>} */
// prettier-ignore
const EMOJI = {
  '+1': '👍', '-1': '👎', alarm_clock: '⏰', arrow_right: '➡️', arrows_counterclockwise: '🔄', bangbang: '‼️', bell: '🔔',
  ballot_box_with_check: '☑️', black_circle: '⚫', bookmark: '🔖', boom: '💥', bulb: '💡', calendar: '📅', clipboard: '📋',
  clock1: '🕐', closed_lock_with_key: '🔐', construction: '🚧', door: '🚪', envelope: '✉️', exclamation: '❗', eyes: '👀',
  fire: '🔥', fire_extinguisher: '🧯', gear: '⚙️', globe_with_meridians: '🌐', grey_question: '❔', hammer: '🔨',
  hammer_and_wrench: '🛠️', handshake: '🤝', heavy_check_mark: '✔️', heavy_minus_sign: '➖', heavy_multiplication_x: '✖️',
  hourglass: '⌛', hourglass_flowing_sand: '⏳', information_source: 'ℹ️', key: '🔑', label: '🏷️', large_blue_circle: '🔵',
  large_green_circle: '🟢', large_orange_circle: '🟠', large_red_circle: '🔴', large_yellow_circle: '🟡', link: '🔗',
  lock: '🔒', lock_with_ink_pen: '🔏', mag: '🔍', mailbox: '📫', memo: '📝', mute: '🔇', no_entry: '⛔', no_entry_sign: '🚫',
  octagonal_sign: '🛑', ok: '🆗', ok_hand: '👌', old_key: '🗝️', outbox_tray: '📤', package: '📦', page_facing_up: '📄',
  pager: '📟', page_with_curl: '📃', paperclip: '📎', pencil: '📝', pray: '🙏', pushpin: '📌', question: '❓', raised_hand: '✋',
  receipt: '🧾', recycle: '♻️', red_circle: '🔴', repeat: '🔁', robot_face: '🤖', rocket: '🚀', rotating_light: '🚨', scroll: '📜',
  shield: '🛡️', siren: '🚨', sos: '🆘', speech_balloon: '💬', stopwatch: '⏱️', tada: '🎉', test_tube: '🧪', thinking_face: '🤔',
  thumbsdown: '👎', thumbsup: '👍', timer_clock: '⏲️', unlock: '🔓', wave: '👋', warning: '⚠️', white_check_mark: '✅',
  white_circle: '⚪', wrench: '🔧', x: '❌', zap: '⚡', zzz: '💤', smile: '😄', slightly_smiling_face: '🙂', heart: '❤️',
};

/** @param {string} name Without the colons. @returns {string | undefined} */
export const emoji = (name) => (Object.hasOwn(EMOJI, name) ? EMOJI[name] : undefined);
