import type { Identity } from '../domain/person.ts';

/** The parts of an interaction's payload that say who acted (docs.slack.dev/reference/interaction-payloads). */
export type Actor = {
  readonly user: { readonly id: string; readonly team_id?: string };
  readonly team?: { readonly id: string; readonly enterprise_id?: string } | null;
  readonly enterprise?: { readonly id: string } | null;
};

/** Ids from the signed payload; names in it are whatever people call themselves. */
export const actorOf = ({ user, team, enterprise }: Actor): Identity => ({
  enterprise: enterprise?.id ?? team?.enterprise_id ?? null,
  team: user.team_id ?? team?.id ?? '',
  user: user.id,
});

export const commanderOf = (command: {
  readonly user_id: string;
  readonly team_id: string;
  readonly enterprise_id?: string;
}): Identity => ({
  enterprise: command.enterprise_id ?? null,
  team: command.team_id,
  user: command.user_id,
});
