import type { Faults, ThrottleFault } from '../faults.ts';

interface Bucket {
  tokens: number;
  /** Milliseconds of the monotonic clock. */
  filledAt: number;
  readonly setting: ThrottleFault;
}

/** Token buckets by action, account and Region, as EC2 keeps them for its request throttling. */
export class Throttle {
  readonly #faults: Faults;
  readonly #buckets = new Map<string, Bucket>();

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** Takes a token; false when the bucket is empty and the call has to be refused. */
  admit(service: string, action: string, account: string, region: string): boolean {
    const setting = this.#settingFor(service, action);
    if (setting === undefined) return true;
    const key = `${service}:${action}/${account}/${region}`;
    const now = performance.now();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined || !sameSetting(bucket.setting, setting)) {
      this.#buckets.set(key, (bucket = { tokens: setting.bucket, filledAt: now, setting }));
    }
    const refilled = ((now - bucket.filledAt) / 1000) * setting.refillPerSecond;
    bucket.tokens = Math.min(setting.bucket, bucket.tokens + refilled);
    bucket.filledAt = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
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

function sameSetting(a: ThrottleFault, b: ThrottleFault): boolean {
  return a.action === b.action && a.bucket === b.bucket && a.refillPerSecond === b.refillPerSecond;
}
