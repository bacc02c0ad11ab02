import { createHash, randomBytes } from 'node:crypto';
import { JsonFile } from '../storage/json-file.ts';
import { type Caller, SANDBOX_CREDENTIALS, roleCaller, userCaller } from './identities.ts';

interface Session {
  readonly accessKeyId: string;
  /** SHA-256 of the session token, hex: the token itself is not kept. */
  readonly tokenHash: string;
  readonly roleArn: string;
  readonly sessionName: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAt: number;
}

export type Identification =
  | { readonly kind: 'known'; readonly caller: Caller }
  | { readonly kind: 'unknown-key' }
  | { readonly kind: 'expired' };

/** Temporary credentials; kept over a restart, or a running product would be locked out until its own expire. */
export class Sessions {
  readonly #file: JsonFile<readonly Session[]>;
  readonly #sessions = new Map<string, Session>();

  private constructor(path: string) {
    this.#file = new JsonFile(path, 0o600);
  }

  static async load(path: string): Promise<Sessions> {
    const sessions = new Sessions(path);
    for (const session of (await sessions.#file.read()) ?? [])
      sessions.#sessions.set(session.accessKeyId, session);
    return sessions;
  }

  /** Credentials for a role until `now` plus the duration. The caller has checked that they may be given. */
  async start(
    roleArn: string,
    sessionName: string,
    durationSeconds: number,
    now: number,
  ): Promise<SessionCredentials> {
    const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
    const sessionToken = randomBytes(48).toString('base64');
    const expiresAt = now + durationSeconds * 1000;
    for (const session of this.#sessions.values()) {
      if (session.expiresAt + DAY_MS < now) this.#sessions.delete(session.accessKeyId);
    }
    this.#sessions.set(accessKeyId, {
      accessKeyId,
      tokenHash: hash(sessionToken),
      roleArn,
      sessionName,
      expiresAt,
    });
    await this.#file.save(() => [...this.#sessions.values()]);
    return { accessKeyId, secretAccessKey: randomBytes(30).toString('base64'), sessionToken, expiresAt };
  }

  /**
   * Who an access key belongs to. The signature is not verified: everything listens on the loopback only, and what is
   * tested is what a caller may do, not whether it can sign.
   */
  identify(accessKeyId: string, sessionToken: string | undefined, now: number): Identification {
    const user = Object.entries(SANDBOX_CREDENTIALS).find(([, key]) => key.accessKeyId === accessKeyId);
    if (user !== undefined) return { kind: 'known', caller: userCaller(user[0], accessKeyId) };
    const session = this.#sessions.get(accessKeyId);
    if (session === undefined || sessionToken === undefined || hash(sessionToken) !== session.tokenHash) {
      return { kind: 'unknown-key' };
    }
    if (session.expiresAt <= now) return { kind: 'expired' };
    return { kind: 'known', caller: roleCaller(session.roleArn, session.sessionName, accessKeyId) };
  }
}

const DAY_MS = 86_400_000;

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
