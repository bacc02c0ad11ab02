/** Interactive elements: each reports what was pressed or chosen, the server decides what follows. */
import { h, spoken } from './dom.js';
import { optionPicker } from './option-picker.js';
import { plainText } from './mrkdwn.js';

/** @import { Block, BlockContext, BlockElement, Option } from './types.d.ts' */

/** @typedef {(item: BlockElement, block: Block, context: BlockContext, field: Field) => HTMLElement} Renderer */

/**
 * How an element is labelled and described when it stands in an input block.
 * @typedef {{ id?: string, labelledBy?: string, describedBy?: string, invalid?: boolean, required?: boolean }} Field
 */

/** @type {Record<string, Renderer>} */
const ELEMENTS = {
  button,
  static_select: select,
  users_select: select,
  external_select: external,
  overflow: select,
  radio_buttons: choices,
  checkboxes: choices,
  plain_text_input: textInput,
  url_text_input: textInput,
  email_text_input: textInput,
  number_input: textInput,
};

/**
 * @param {BlockElement} item
 * @param {Block} block
 * @param {BlockContext} context
 * @param {Field} [field]
 * @returns {HTMLElement}
 */
export function element(item, block, context, field = {}) {
  const render = ELEMENTS[item.type];
  if (!render) return h('span', { class: 'block-unknown' }, `(This page does not draw “${item.type}”.)`);
  return render(item, block, context, field);
}

/**
 * Reports a click or a choice unless the person thinks better of it. Until the server has taken it, `control` is busy.
 * @param {HTMLElement} control
 * @param {BlockElement} item @param {Block} block @param {BlockContext} context
 * @param {{ value?: string, selected?: string | string[] }} choice
 */
async function report(control, item, block, context, choice) {
  if (control.getAttribute('aria-busy') === 'true') return;
  if (item.confirm && !(await context.confirm(item.confirm))) return;
  control.setAttribute('aria-busy', 'true');
  try {
    await context.act(item, block, choice);
  } finally {
    control.removeAttribute('aria-busy');
  }
}

/** @type {Renderer} */
function button(item, block, context) {
  const style = item.style === 'primary' || item.style === 'danger' ? ` button-${item.style}` : '';
  const label = plainText(item.text?.text ?? '');
  const attributes = {
    class: `button${style}`,
    'aria-label': item.accessibility_label,
    'data-action': item.action_id,
  };
  if (item.url) {
    return h(
      'a',
      { ...attributes, href: safeUrl(item.url), target: '_blank', rel: 'noopener noreferrer' },
      label,
      spoken(' (opens in a new tab)'),
    );
  }
  const control = h('button', { ...attributes, type: 'button', onclick: () => press() }, label);
  const press = () =>
    void report(control, item, block, context, item.value === undefined ? {} : { value: item.value });
  return control;
}

/** @param {string} url @returns {string | undefined} */
const safeUrl = (url) => (/^(https?:\/\/|mailto:)/i.test(url) ? url : undefined);

/** @type {Renderer} */
function select(item, block, context, field) {
  const current = String(read(item, block, context) ?? item.initial_user ?? item.initial_option?.value ?? '');
  const option = (/** @type {Option} */ { text, value }) =>
    h('option', { value, selected: value === current }, text.text);
  const groups = item.option_groups?.map(({ label, options }) =>
    h('optgroup', { label: label.text }, options.map(option)),
  );
  const control = h(
    'select',
    { ...labels(item, field), class: 'select', onchange: () => choose() },
    (current === '' || block.optional) &&
      h('option', { value: '', selected: current === '' }, item.placeholder?.text ?? 'Choose…'),
    groups ?? choicesOf(item, context).map(option),
  );
  const choose = () => {
    write(item, block, context, control.value);
    if (dispatches(block)) void report(control, item, block, context, { selected: control.value });
  };
  return control;
}

/** @param {BlockElement} item @param {BlockContext} context @returns {Option[]} */
function choicesOf(item, context) {
  if (item.type !== 'users_select') return item.options ?? [];
  return context.directory
    .people()
    .filter(({ deleted, isBot }) => !deleted && !isBot)
    .map(({ id, realName }) => ({ value: id, text: { type: 'plain_text', text: realName } }));
}

/** @type {Renderer} */
function external(item, block, context, field) {
  const picker = optionPicker({
    attributes: labels(item, field),
    placeholder: item.placeholder?.text ?? 'Type to search…',
    minimum: item.min_query_length ?? 3,
    initial: item.initial_option,
    value: /** @type {string | undefined} */ (read(item, block, context)),
    search: (query) => context.options(item, block, query),
    chosen: (option) => {
      write(item, block, context, option?.value ?? '');
      if (dispatches(block) && option) void report(picker, item, block, context, { selected: option.value });
    },
  });
  return picker;
}

/** Radio buttons and check boxes. @type {Renderer} */
function choices(item, block, context, field) {
  const several = item.type === 'checkboxes';
  const stored = read(item, block, context);
  const initial = several
    ? (item.initial_options ?? []).map(({ value }) => value)
    : [item.initial_option?.value ?? ''];
  const ticked = new Set(stored === undefined ? initial : [stored].flat());
  const name = `${block.block_id}-${item.action_id}-${context.surface.kind}`;
  const group = h(
    'div',
    {
      class: 'choices',
      role: several ? 'group' : 'radiogroup',
      tabindex: -1,
      id: field.id,
      'aria-labelledby': field.labelledBy,
      'aria-describedby': field.describedBy,
    },
    (item.options ?? []).map((option) =>
      h(
        'label',
        { class: 'choice' },
        h('input', {
          type: several ? 'checkbox' : 'radio',
          name,
          value: option.value,
          checked: ticked.has(option.value),
          'aria-invalid': field.invalid,
        }),
        h(
          'span',
          {},
          plainText(option.text.text),
          option.description &&
            h('span', { class: 'choice-description' }, plainText(option.description.text)),
        ),
      ),
    ),
  );
  group.addEventListener('change', () => {
    const checked = [...group.querySelectorAll('input')]
      .filter((input) => input.checked)
      .map(({ value }) => value);
    const value = several ? checked : (checked[0] ?? '');
    write(item, block, context, value);
    if (dispatches(block)) void report(group, item, block, context, { selected: value });
  });
  return group;
}

/** @type {Readonly<Record<string, string>>} */
const INPUT_TYPES = {
  url_text_input: 'url',
  email_text_input: 'email',
  number_input: 'text',
  plain_text_input: 'text',
};

/** @type {Renderer} */
function textInput(item, block, context, field) {
  const value = String(read(item, block, context) ?? item.initial_value ?? '');
  const shared = {
    ...labels(item, field),
    class: 'text-input',
    placeholder: item.placeholder?.text,
    autocomplete: 'off',
    spellcheck: item.type === 'plain_text_input' ? 'true' : 'false',
    oninput: () => write(item, block, context, control.value),
  };
  const control = item.multiline
    ? h('textarea', { ...shared, rows: 3 }, value)
    : h('input', { ...shared, type: INPUT_TYPES[item.type] ?? 'text', value });
  return control;
}

/** @param {BlockElement} item @param {Field} field */
function labels(item, field) {
  return {
    id: field.id,
    'aria-labelledby': field.labelledBy,
    'aria-label': field.labelledBy
      ? undefined
      : (item.placeholder?.text ?? item.accessibility_label ?? item.action_id),
    'aria-describedby': field.describedBy,
    'aria-invalid': field.invalid,
    'aria-required': field.required,
    'data-action': item.action_id,
  };
}

/** Outside input blocks every choice is reported; inside one only when it asks for that. @param {Block} block */
const dispatches = (block) => block.type !== 'input' || block.dispatch_action === true;

/** @param {BlockElement} item @param {Block} block @param {BlockContext} context */
function read(item, block, context) {
  return context.inputs?.read(block.block_id ?? '', item.action_id ?? '');
}

/** @param {BlockElement} item @param {Block} block @param {BlockContext} context @param {string | string[]} value */
function write(item, block, context, value) {
  context.inputs?.write(block.block_id ?? '', item.action_id ?? '', value);
}
