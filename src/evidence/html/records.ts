import { describe } from '../describe.ts';
import type { Story } from '../story.ts';
import { code, html, typed, type Html } from './markup.ts';
import { bareTime } from './words.ts';

/** Every record with its place in the log, and how to check that it stands there. */
export const recordsSection = ({ records }: Story): Html =>
  html`<section class="proof">
    <h2>Records</h2>
    <table class="records">
      <thead>
        <tr>
          <th>#</th>
          <th>When (UTC)</th>
          <th>What</th>
          <th>Who</th>
          <th>Detail</th>
          <th>Leaf hash (RFC 6962)</th>
        </tr>
      </thead>
      <tbody>
        ${records.map(({ index, leaf, record }) => {
          const { what, who, detail } = describe(record);
          return html`<tr>
            <td>${index}</td>
            <td class="when">${bareTime(Date.parse(record.at))}</td>
            <td>${what}</td>
            <td class="who">${typed(who)}</td>
            <td>${typed(detail)}</td>
            <td class="leaf">${code(leaf)}</td>
          </tr> `;
        })}
      </tbody>
    </table>
  </section>`;

export const verifySection = ({ request, checkpoint }: Story): Html =>
  html`<section class="verify">
    <h2>Checkpoint of the log, and how to verify</h2>
    <pre>${checkpoint}</pre>
    <p>
      ${code(`breakglass log verify --checkpoint FILE`)} with this checkpoint in FILE proves that the log
      still contains everything up to it. ${code(`breakglass log receipt ${request}`)} writes a file that
      proves offline how this request ended, and ${code(`breakglass log show ${request} --html`)} draws this
      page from the verified log.
    </p>
  </section>`;
