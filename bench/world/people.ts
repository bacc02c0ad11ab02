import type { SandboxClient, View } from '../../src/sandbox/client.ts';
import { until } from '../lib/until.ts';
import type { Happenings, Said } from './happenings.ts';

const CHANNEL = 'C0INCIDENT';
const ONCALL = 'S0ONCALL';
/** In the workflow of the harness either may approve. */
const APPROVERS = ['U0JONAS001', 'U0PRIYA001'];
/** A person gives up waiting for a form, or for a card. */
const PATIENCE = 20_000;
const CLICKS_AGAIN_AFTER = 1_000;

export type Question = {
  readonly by: string;
  readonly workflow: string;
  readonly address: string;
  readonly seconds: number;
  readonly reason: string;
  readonly incident: string;
};

/** People in Slack: as many askers as are needed, and those who approve. They do what a person could do on the page. */
export class People {
  readonly askers: readonly string[];
  readonly #client: SandboxClient;
  readonly #happenings: Happenings;

  private constructor(client: SandboxClient, happenings: Happenings, askers: readonly string[]) {
    this.#client = client;
    this.#happenings = happenings;
    this.askers = askers;
  }

  static async arrive(client: SandboxClient, happenings: Happenings, count: number): Promise<People> {
    const askers = Array.from({ length: count }, (_, n) => `U0ASKER${String(n).padStart(4, '0')}`);
    for (const id of askers) await client.person({ id, name: id.toLowerCase() });
    await client.group(ONCALL, askers);
    return new People(client, happenings, askers);
  }

  /**
   * Fills in the form and presses Ask until Slack says that it arrived: one form is one question. Answers whether it was taken,
   * and what was said otherwise.
   */
  async ask(question: Question): Promise<{ taken: boolean; text: string }> {
    const { by, workflow, address, seconds, reason, incident } = question;
    const view = await this.#form(by);
    const answers = { workflow, source: address, duration: `${seconds}s`, reason, incident };
    const values = Object.fromEntries(
      Object.entries(answers).map(([field, value]) => [field, { [field]: value }]),
    );
    let said = '';
    const taken = await until(
      PATIENCE,
      async () => {
        const { ok, errors, text } = await this.#client.submit(by, view.id, values);
        said = text ?? Object.values(errors ?? {}).join(' ');
        return ok || errors !== undefined ? { ok } : false;
      },
      CLICKS_AGAIN_AFTER,
    );
    return { taken: taken?.ok === true, text: said };
  }

  /** Types the command until Slack says that it arrived. */
  async #form(by: string): Promise<View> {
    const opening = this.#happenings.form(by, PATIENCE);
    opening.catch(() => undefined);
    const typed = async () => (await this.#client.command(by, CHANNEL, '/breakglass')).ok;
    await until(PATIENCE, typed, CLICKS_AGAIN_AFTER);
    return opening;
  }

  /** The card of the request with this reason, once it is there. */
  card(reason: string): Promise<Said> {
    return this.#happenings.message(
      ({ key, message }) => key === 'card' && JSON.stringify(message.blocks).includes(reason),
      PATIENCE,
      `no card shows "${reason}"`,
    );
  }

  /** Clicks until Slack says that it arrived, as people do. Answers whether it did. */
  async approve({ channel, ts, request }: Pick<Said, 'channel' | 'ts' | 'request'>): Promise<boolean> {
    const user = APPROVERS[(request.codePointAt(request.length - 1) ?? 0) % APPROVERS.length] ?? '';
    const click = { user, action_id: 'approve', value: request };
    const clicked = await until(
      PATIENCE,
      async () => (await this.#client.click({ channel, ts }, click)).ok,
      CLICKS_AGAIN_AFTER,
    );
    return clicked === true;
  }
}
