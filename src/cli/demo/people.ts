import { on, type View } from '../../sandbox/client.ts';
import type { Outside } from './outside.ts';

type Gestures = Pick<Outside, 'watch' | 'command' | 'submit' | 'history' | 'click'>;

/** A person at the page: does what a person would, through the same controls. */
export class Player {
  readonly #client: Gestures;
  readonly id: string;

  constructor(client: Gestures, id: string) {
    this.#client = client;
    this.id = id;
  }

  /** Types the command and fills in the form by its labels. Answers what Slack shows under the fields, if anything. */
  async ask(channel: string, answers: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    await using watch = await this.#client.watch();
    await this.#client.command(this.id, channel, '/breakglass');
    const { data } = await watch.until(
      on('slack.view', ({ user, view }) => user === this.id && view.type === 'modal' && hasInputs(view)),
      10_000,
    );
    const values: Record<string, Record<string, string>> = {};
    for (const [label, value] of Object.entries(answers)) {
      const [block, action] = fieldLabelled(data.view, label);
      values[block] = { [action]: value };
    }
    const submitted = await this.#client.submit(this.id, data.view.id, values);
    return submitted.errors ?? {};
  }

  /** Presses a button on a message, by its text. */
  async press(channel: string, ts: string, text: string): Promise<void> {
    const [message] = (await this.#client.history(channel, this.id)).filter((each) => each.ts === ts);
    const button = buttons(message?.blocks ?? []).find((each) => each.text === text);
    if (button === undefined) throw new Error(`there is no button "${text}"`);
    await this.#client.click(
      { channel, ts },
      { user: this.id, action_id: button.action, value: button.value },
    );
  }
}

type Json = Readonly<Record<string, unknown>>;

const blocksOf = (view: View): readonly Json[] => view.blocks as unknown as readonly Json[];

const hasInputs = (view: View): boolean => blocksOf(view).some((block) => block['type'] === 'input');

function fieldLabelled(view: View, label: string): [string, string] {
  for (const block of blocksOf(view)) {
    const text = (block['label'] as Json | undefined)?.['text'];
    const element = block['element'] as Json | undefined;
    if (typeof text === 'string' && text.includes(label) && element !== undefined) {
      return [String(block['block_id']), String(element['action_id'])];
    }
  }
  throw new Error(`the form has no field "${label}"`);
}

function buttons(blocks: readonly unknown[]): { text: string; action: string; value: string }[] {
  return (blocks as readonly Json[])
    .filter((block) => block['type'] === 'actions')
    .flatMap((block) => block['elements'] as readonly Json[])
    .map((element) => ({
      text: String((element['text'] as Json)['text']),
      action: String(element['action_id']),
      value: String(element['value']),
    }));
}
