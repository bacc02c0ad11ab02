/** The verifier's report in a few words. */

/**
 * @typedef {{ code: string, text: string }} Doubt
 * @typedef {{
 *   valid: boolean, records: number,
 *   firstBreak?: { commit: number, code: string, text: string },
 *   retention?: { doubts: Doubt[], versions: number, locked: number } | null,
 * }} VerifyReport As `log verify` gives it; `records` are those that hold, from the first on.
 */

/**
 * @param {VerifyReport} report
 * @returns {{ ok: boolean, text: string }}
 */
export function readReport(report) {
  const { valid, records, retention } = report;
  if (!valid) return { ok: false, text: whatIsWrong(report)[0] ?? 'the verifier does not say where' };
  const locks = retention ? `, ${retention.locked}/${retention.versions} locked` : '';
  return { ok: true, text: `${records}/${records} valid${locks}` };
}

/**
 * One line for each thing that was found.
 * @param {VerifyReport} report
 * @returns {string[]}
 */
export function whatIsWrong({ valid, firstBreak, retention }) {
  if (valid) return [];
  const inOrder = firstBreak ? [`First break at commit ${firstBreak.commit}: ${textOf(firstBreak)}`] : [];
  const lines = [...inOrder, ...(retention?.doubts ?? []).map(({ text }) => shortKey(text))];
  return lines.length > 0 ? lines : ['The verifier does not say what is wrong'];
}

/** Some texts begin with the commit that they are about. @param {{ commit: number, text: string }} firstBreak */
const textOf = ({ commit, text }) => text.replace(new RegExp(`^commit ${commit}: `), '');

/** `log/0000000000000012 is …` as people count. @param {string} text */
const shortKey = (text) => text.replace(/^log\/0*([1-9]\d*)(?= )/, 'Commit $1');
