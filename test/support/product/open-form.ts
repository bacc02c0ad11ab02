import { on, type FieldValues, type GestureResult } from '../../../src/sandbox/client.ts';
import type { Product } from '../product.ts';
import { CHANNEL, INCIDENT, REASON } from './acts.ts';

export type Answers = Readonly<Record<string, string>>;

/** A person's open form, which stays open while it is refused. Fields go by their block ids. */
export type OpenForm = {
  readonly view: string;
  /** `forged`: what Slack's own client would not send. */
  submit(answers: Answers, options?: { readonly forged?: boolean }): Promise<GestureResult>;
};

const GOOD: Answers = {
  workflow: 'payments-console',
  source: '203.0.113.7',
  duration: '10s',
  reason: REASON,
  incident: INCIDENT,
};

export async function openForm({ client }: Product, user: string): Promise<OpenForm> {
  await using watch = await client.watch();
  await client.command(user, CHANNEL, '/breakglass');
  const { data } = await watch.until(on('slack.view', (event) => event.user === user));
  const { id: view } = data.view;
  return {
    view,
    submit: (answers, { forged = false } = {}) => {
      const values: FieldValues = Object.fromEntries(
        Object.entries({ ...GOOD, ...answers }).map(([field, value]) => [field, { [field]: value }]),
      );
      return client.submit(user, view, values, { bypassClient: forged });
    },
  };
}
