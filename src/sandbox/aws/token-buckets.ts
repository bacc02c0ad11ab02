export interface BucketSize {
  readonly bucket: number;
  readonly refillPerSecond: number;
}

interface Bucket {
  tokens: number;
  /** Milliseconds of the monotonic clock. */
  filledAt: number;
  readonly size: BucketSize;
}

/** Token buckets by key; one whose size changes starts full again. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>();

  /** Takes a token; false when the bucket is empty. */
  take(key: string, size: BucketSize): boolean {
    const now = performance.now();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined || !sameSize(bucket.size, size)) {
      this.#buckets.set(key, (bucket = { tokens: size.bucket, filledAt: now, size }));
    }
    const refilled = ((now - bucket.filledAt) / 1000) * size.refillPerSecond;
    bucket.tokens = Math.min(size.bucket, bucket.tokens + refilled);
    bucket.filledAt = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

function sameSize(a: BucketSize, b: BucketSize): boolean {
  return a.bucket === b.bucket && a.refillPerSecond === b.refillPerSecond;
}
