import type { Faults, ThrottleFault } from '../faults.ts';
import { TokenBuckets } from './token-buckets.ts';

/** Token buckets by action, account and Region, as EC2 keeps them for its request throttling. */
export class Throttle {
  readonly #faults: Faults;
  readonly #buckets = new TokenBuckets();

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** Takes a token; false when the bucket is empty and the call has to be refused. */
  admit(service: string, action: string, account: string, region: string): boolean {
    const setting = this.#settingFor(service, action);
    if (setting === undefined) return true;
    return this.#buckets.take(`${setting.action} ${service}:${action}/${account}/${region}`, setting);
  }

  #settingFor(service: string, action: string): ThrottleFault | undefined {
    const setting = this.#faults.get('aws.throttle');
    if (setting === undefined) return undefined;
    const candidates = actionNames(service, action);
    return [setting].flat().find((one) => candidates.includes(one.action));
  }
}

/** The names under which a fault may mean this action. */
export function actionNames(service: string, action: string): readonly string[] {
  return [action, `${service}:${action}`, `${service}:*`, '*'];
}
