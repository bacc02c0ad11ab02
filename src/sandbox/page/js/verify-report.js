/** The verifier's report in one line. */

/**
 * @typedef {{ valid: boolean, records: number, firstBreak?: { commit: number, code: string, text: string } }} VerifyReport
 *   As `log verify` gives it; `records` are those that hold, from the first on.
 */

/**
 * @param {VerifyReport} report
 * @returns {{ ok: boolean, text: string }}
 */
export function readReport({ valid, records, firstBreak }) {
  if (valid) return { ok: true, text: `${records}/${records} valid` };
  const where = firstBreak
    ? `commit ${firstBreak.commit}: ${firstBreak.text}`
    : 'the verifier does not say where';
  return { ok: false, text: `First break at ${where}` };
}
