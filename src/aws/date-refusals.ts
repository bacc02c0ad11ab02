import type { fromTemporaryCredentials } from '@aws-sdk/credential-providers';

/** Of whatever client. */
type Plugin = NonNullable<Parameters<typeof fromTemporaryCredentials>[0]['clientPlugins']>[number];

type Signed = { readonly headers: Readonly<Record<string, string | undefined>> };
type Refused = {
  readonly $response?: { readonly headers?: Readonly<Record<string, string | undefined>> };
  readonly $metadata?: { readonly httpStatusCode?: number; clockSkewCorrected?: boolean };
};

/** AWS takes signatures whose date is up to five minutes off, S3 up to fifteen (IAM user guide, "Signature Version 4"). */
const REFUSED_FROM_MS = 240_000;

/**
 * Every answer tells the SDK how far the wall clock is off, and signatures are dated by that. After a jump the first one of
 * each client is refused. The SDK repeats such a call where the clock is wrong now; this makes it do so, too, where it has
 * just been set right: whenever AWS says no to a signature that was dated minutes away from its own answer.
 */
export const dateRefusals: Plugin = {
  applyToStack: (stack) => {
    stack.add(
      (next) => async (args) => {
        try {
          return await next(args);
        } catch (error) {
          const { $response, $metadata } = error as Refused;
          const { headers } = args.request as Signed;
          const status = $metadata?.httpStatusCode ?? 0;
          const off = Math.abs(
            signedAt(headers['x-amz-date']) - Date.parse($response?.headers?.['date'] ?? ''),
          );
          if ($metadata !== undefined && status >= 400 && status < 500 && off >= REFUSED_FROM_MS)
            $metadata.clockSkewCorrected = true;
          throw error;
        }
      },
      // Between the signature and the answer, read into an error; STS's client is given this before each call.
      { step: 'deserialize', priority: 'high', name: 'breakglassDateRefusals', override: true },
    );
  },
};

/** `20260301T120000Z` in ms since 1970; NaN for anything else. */
const signedAt = (text = ''): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
