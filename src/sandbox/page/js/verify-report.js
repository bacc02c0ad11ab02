/** The verifier's report in a few words. */

/**
 * @typedef {{ code: string, text: string }} Doubt
 * @typedef {{
 *   valid: boolean, records: number,
 *   firstBreak?: { commit: number, code: string, text: string },
 *   missing?: { commits: number, ranges: { first: number, last: number }[] },
 *   meaning?: { doubts: Doubt[] },
 *   checkpoints?: { given: number, contained: number },
 *   retention?: { doubts: Doubt[], versions: number, locked: number } | null,
 * }} VerifyReport As `log verify` gives it; `records` are those that hold, from the first on.
 */

/**
 * @param {VerifyReport} report
 * @returns {{ ok: boolean, text: string }}
 */
export function readReport(report) {
  const { valid, records, retention, checkpoints } = report;
  if (!valid) return { ok: false, text: whatIsWrong(report)[0] ?? 'the verifier does not say where' };
  const locks = retention ? `, ${retention.locked}/${retention.versions} locked` : '';
  const kept = checkpoints?.given ? `, ${checkpoints.contained}/${checkpoints.given} checkpoints` : '';
  return { ok: true, text: `${records}/${records} valid${locks}${kept}` };
}

/**
 * One line for each thing that was found.
 * @param {VerifyReport} report
 * @returns {string[]}
 */
export function whatIsWrong({ valid, firstBreak, missing, meaning, checkpoints, retention }) {
  if (valid) return [];
  const inOrder = firstBreak ? [`First break at commit ${firstBreak.commit}: ${textOf(firstBreak)}`] : [];
  const lines = [
    ...inOrder,
    // The first one that is missing is the break.
    ...(missing && missing.commits > 1
      ? [`${missing.commits} commits are missing: ${numbers(missing)}`]
      : []),
    ...(meaning?.doubts ?? []).map(({ text }) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`),
    ...(!firstBreak && checkpoints && checkpoints.contained < checkpoints.given
      ? [`${checkpoints.given - checkpoints.contained} of the checkpoints could not be compared`]
      : []),
    ...(retention?.doubts ?? []).map(({ text }) => shortKey(text)),
  ];
  return lines.length > 0 ? lines : ['The verifier does not say what is wrong'];
}

/** @param {NonNullable<VerifyReport['missing']>} missing */
const numbers = ({ commits, ranges }) => {
  const named = ranges.map(({ first, last }) => (first === last ? `${first}` : `${first} to ${last}`));
  const shown = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return [...named, ...(commits > shown ? ['and more'] : [])].join(', ');
};

/** Some texts begin with the commit that they are about. @param {{ commit: number, text: string }} firstBreak */
const textOf = ({ commit, text }) => text.replace(new RegExp(`^commit ${commit}: `), '');

/** `log/0000000000000012 is …` as people count. @param {string} text */
const shortKey = (text) => text.replace(/^log\/0*([1-9]\d*)(?= )/, 'Commit $1');
