/** What somebody types who wants to ping, to link elsewhere, or to look like us. */
export const HOSTILE = [
  '<!channel> <!here> <!everyone>',
  '<@U0JONAS001> <!subteam^S0SECURITY>',
  '<https://evil.example|Approved by Jonas>',
  '<!date^1^{date}|open>',
  '*bold* _italic_ ~gone~ `code` ```block```',
  ':white_check_mark: :unlock: approved',
  '&lt;!channel&gt; &amp;',
  '> quoted\n>>> the rest',
  'first\n🔓 *OPEN* until tomorrow\n*Approvals*\n1 of 1',
  'left \u202eevitcennoc\u202c \u2066isolated\u2069',
  'bell \u0007 escape \u001b[31m nul \u0000 lone \ud800',
  'a\r\nb\u2028c',
  '|>|>|>',
] as const;

const MARKUP = /<[^<>\n]*>/g;
const OURS =
  /^<(@[A-Z0-9]+|!subteam\^[A-Z0-9]+|#[A-Z0-9]+|!date\^\d+\^[^|<>]+\|[\d: UTC-]+|https:\/\/(?:example\.pagerduty|eu-west-1\.console\.aws\.amazon)\.com\/[^|<>]+\|[^<>|]*)>$/;

/** Markup that no template of ours writes: what is left is somebody's text that got through. */
export const foreignMarkup = (text: string): string[] => [
  ...(text.match(MARKUP) ?? []).filter((found) => !OURS.test(found)),
  ...(text.replaceAll(MARKUP, '').match(/[<>]/g) ?? []),
  ...(text.match(/&(?!amp;|lt;|gt;)/g) ?? []),
];

/** Whom the text pings. */
export const pinged = (text: string): string[] =>
  [...text.matchAll(/<(@[A-Z0-9]+|![a-z]+(?:\^S[A-Z0-9]+)?)[>|]/g)].map(([, who]) => who ?? '');
