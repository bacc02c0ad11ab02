import { AwsError } from '../error.ts';
import { isAdmin } from '../identities.ts';
import type { QueryParameters } from '../query.ts';
import type { CallContext } from '../service.ts';
import type { XmlTree } from '../xml.ts';
import { requireRuleId, ruleNotFound } from './describe.ts';
import { dryRun, unauthorized } from './outcome.ts';
import type { Rule } from './rule.ts';
import type { SecurityGroup, SecurityGroups } from './security-groups.ts';

const MAX_TAGS = 50;
/** The one tag the worker's policy lets it change, and only on rules that carry a deployment. */
const CHANGEABLE_TAG = 'breakglass:expires-at';
const OWNER_TAG = 'breakglass:deployment';

/** Reads `Tag.N`; throws for keys and values that EC2 refuses. */
export function parseTags(parameters: QueryParameters): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const member of parameters.members('Tag')) {
    const key = member.text('Key') ?? '';
    const value = member.text('Value') ?? '';
    if (key.length < 1 || key.length > 127 || key.toLowerCase().startsWith('aws:')) {
      throw new AwsError('InvalidParameterValue', `Tag key '${key}' is not valid`);
    }
    if (value.length > 255)
      throw new AwsError('InvalidParameterValue', 'Tag value exceeds the maximum length of 255');
    if (key in tags) throw new AwsError('InvalidParameterValue', `Duplicate tag key '${key}' specified.`);
    tags[key] = value;
  }
  return tags;
}

/** CreateTags on security-group rules: adds tags, overwrites those of the same key. */
export async function createTags(
  groups: SecurityGroups,
  parameters: QueryParameters,
  context: CallContext,
): Promise<XmlTree> {
  const tags = parseTags(parameters);
  const targets = taggedRules(groups, parameters, context);
  const permitted = targets.every(({ rule }) => rule.tags[OWNER_TAG] !== undefined);
  const onlyChangeable = Object.keys(tags).every((key) => key === CHANGEABLE_TAG);
  if (!isAdmin(context.caller) && !(permitted && onlyChangeable)) throw unauthorized(context, 'CreateTags');
  if (parameters.flag('DryRun')) throw dryRun();
  await retag(groups, targets, (rule) => ({ ...rule.tags, ...tags }));
  return { return: true };
}

/** DeleteTags: with a value only where it matches; without keys all tags go. */
export async function deleteTags(
  groups: SecurityGroups,
  parameters: QueryParameters,
  context: CallContext,
): Promise<XmlTree> {
  const named = parameters
    .members('Tag')
    .map((tag) => ({ key: tag.text('Key') ?? '', value: tag.text('Value') }));
  const targets = taggedRules(groups, parameters, context);
  if (parameters.flag('DryRun')) throw dryRun();
  const goes = (key: string, value: string) =>
    named.length === 0 || named.some((tag) => tag.key === key && (tag.value ?? value) === value);
  await retag(groups, targets, (rule) =>
    Object.fromEntries(Object.entries(rule.tags).filter(([key, value]) => !goes(key, value))),
  );
  return { return: true };
}

interface Target {
  readonly group: SecurityGroup;
  readonly rule: Rule;
}

function taggedRules(groups: SecurityGroups, parameters: QueryParameters, context: CallContext): Target[] {
  const every = groups
    .all(context.account, context.region)
    .flatMap((group) => group.rules.map((rule) => ({ group, rule })));
  return parameters.texts('ResourceId').map((id) => {
    requireRuleId(id);
    const found = every.find(({ rule }) => rule.id === id);
    if (found === undefined) throw ruleNotFound(id);
    return found;
  });
}

async function retag(
  groups: SecurityGroups,
  targets: readonly Target[],
  tagsOf: (rule: Rule) => Readonly<Record<string, string>>,
): Promise<void> {
  if (targets.some(({ rule }) => Object.keys(tagsOf(rule)).length > MAX_TAGS)) {
    throw new AwsError('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.');
  }
  const ids = new Set(targets.map(({ rule }) => rule.id));
  const touched = new Set(targets.map((target) => target.group));
  await Promise.all(
    [...touched].map((group) =>
      groups.replaceRules(
        group,
        group.rules.map((rule) => (ids.has(rule.id) ? { ...rule, tags: tagsOf(rule) } : rule)),
      ),
    ),
  );
}
