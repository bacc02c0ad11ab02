import { z } from 'zod';

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

/** A policy document as far as it is looked at (IAM user guide, "Grammar of the IAM JSON policy language"). */
const schema = z.object({
  Statement: z
    .union([z.array(z.unknown()), z.object({}).loose()])
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .pipe(
      z.array(
        z.object({
          Effect: z.enum(['Allow', 'Deny']),
          Principal: z.union([z.string(), z.record(z.string(), texts)]).optional(),
          Action: texts.optional(),
          Resource: texts.optional(),
          Condition: z.record(z.string(), z.record(z.string(), texts)).optional(),
        }),
      ),
    ),
});

type Statement = z.infer<typeof schema>['Statement'][number];

/** One condition: operator, key and the values it is compared with. */
export type Condition = {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
};

/**
 * What a bucket policy denies to everybody, by its structure. Statements that are narrower than they must be (a condition
 * more, a principal, NotAction and the like) count as if they were not there: no policy is evaluated here.
 */
export class BucketPolicy {
  readonly #denials: readonly Statement[];

  private constructor(denials: readonly Statement[]) {
    this.#denials = denials;
  }

  /** Undefined: the text is no policy document. */
  static parse(text: string): BucketPolicy | undefined {
    const parsed = schema.safeParse(jsonOrNothing(text));
    if (!parsed.success) return undefined;
    return new BucketPolicy(
      parsed.data.Statement.filter(
        ({ Effect, Principal }) => Effect === 'Deny' && Principal !== undefined && isEverybody(Principal),
      ),
    );
  }

  /** Whether this is denied whatever the circumstances. */
  denies(action: string, resource: string): boolean {
    return this.#about(action, resource).some((conditions) => conditions.length === 0);
  }

  /** The single conditions under which it is denied. */
  deniesIf(action: string, resource: string): readonly Condition[] {
    return this.#about(action, resource).flatMap((conditions) => (conditions.length === 1 ? conditions : []));
  }

  #about(action: string, resource: string): Condition[][] {
    return this.#denials
      .filter(
        ({ Action = [], Resource = [] }) =>
          Action.some((pattern) => covers(pattern.toLowerCase(), action.toLowerCase())) &&
          Resource.some((pattern) => covers(pattern, resource)),
      )
      .map(({ Condition: conditions = {} }) =>
        Object.entries(conditions).flatMap(([operator, keys]) =>
          Object.entries(keys).map(([key, values]) => ({ operator, key, values })),
        ),
      );
  }
}

const isEverybody = (principal: NonNullable<Statement['Principal']>): boolean =>
  typeof principal === 'string' ? principal === '*' : (principal['AWS']?.includes('*') ?? false);

/** `*` stands for any text and `?` for one character. */
function covers(pattern: string, value: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(value);
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
