import { ControlError } from '../part.ts';
import { AwsError } from './error.ts';

export type Body = Record<string, unknown>;

export function text(body: Body, name: string): string {
  const value = optionalText(body, name);
  if (value === undefined) throw new ControlError(`${name} is missing`);
  return value;
}

export function optionalText(body: Body, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new ControlError(`${name} has to be a string`);
  return value;
}

/** Turns what AWS would refuse into a control error that says why. */
export async function explained<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AwsError)
      throw new ControlError(`${error.code}: ${error.message}`, { cause: error });
    throw error;
  }
}
