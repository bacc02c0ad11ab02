import type { Faults } from '../../faults.ts';
import { AwsError } from '../error.ts';
import { QueryParameters } from '../query.ts';
import type { AwsAnswer, AwsService, CallContext, ParsedCall, RawCall } from '../service.ts';
import { type XmlTree, xmlDocument } from '../xml.ts';
import { createAclEntry, deleteAclEntry, describeAcls, replaceAclEntry } from './acl-actions.ts';
import { authorizeIngress } from './authorize.ts';
import { describeGroups, describeRules } from './describe.ts';
import { describeInterfaces, describeSubnets } from './describe-network.ts';
import type { NetworkAcls } from './network-acls.ts';
import type { NetworkInterfaces } from './network-interfaces.ts';
import { revokeIngress } from './revoke.ts';
import type { SecurityGroups } from './security-groups.ts';
import { createTags, deleteTags } from './tags.ts';
import { changeOf, responseElements } from './trail.ts';

const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';

type Action = (parameters: QueryParameters, context: CallContext) => Promise<XmlTree> | XmlTree;

/** EC2, which can also be called with JSON input by a scheduler's universal target. */
export interface Ec2Service extends AwsService {
  /** Throws AwsError when there is no such action or the input is not in the API's own shape. */
  parseTargetInput(action: string, input: string): ParsedCall;
  /** The same for input that is trusted to be in the API's shape. */
  parseObject(action: string, input: object): ParsedCall;
}

export interface Ec2Parts {
  readonly groups: SecurityGroups;
  readonly acls: NetworkAcls;
  readonly interfaces: NetworkInterfaces;
  readonly faults: Faults;
}

/** Lists whose names in the API and in a Query request differ. */
const QUERY_NAMES = {
  SecurityGroupRuleIds: 'SecurityGroupRuleId',
  UserIdGroupPairs: 'Groups',
  TagSpecifications: 'TagSpecification',
  Tags: 'Tag',
} as const;
/** What a universal target may pass to an action; a name in another case is refused, as AWS is expected to. */
const TARGET_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  AuthorizeSecurityGroupIngress: ['GroupId', 'IpPermissions', 'DryRun'],
  RevokeSecurityGroupIngress: ['GroupId', 'SecurityGroupRuleIds', 'IpPermissions', 'DryRun'],
  DeleteNetworkAclEntry: ['NetworkAclId', 'RuleNumber', 'Egress', 'DryRun'],
};

/** Amazon EC2 (EC2 query protocol): security groups, network ACLs, and the interfaces and subnets between them. */
export function createEc2({ groups, acls, interfaces, faults }: Ec2Parts): Ec2Service {
  const actions: Readonly<Record<string, Action>> = {
    DescribeSecurityGroups: (parameters, context) => describeGroups(groups, faults, parameters, context),
    DescribeSecurityGroupRules: (parameters, context) => describeRules(groups, faults, parameters, context),
    AuthorizeSecurityGroupIngress: (parameters, context) => authorizeIngress(groups, parameters, context),
    RevokeSecurityGroupIngress: (parameters, context) => revokeIngress(groups, parameters, context),
    CreateTags: (parameters, context) => createTags(groups, parameters, context),
    DeleteTags: (parameters, context) => deleteTags(groups, parameters, context),
    DescribeNetworkAcls: (parameters, context) => describeAcls(acls, faults, parameters, context),
    CreateNetworkAclEntry: (parameters, context) => createAclEntry(acls, parameters, context),
    DeleteNetworkAclEntry: (parameters, context) => deleteAclEntry(acls, parameters, context),
    ReplaceNetworkAclEntry: (parameters, context) => replaceAclEntry(acls, parameters, context),
    DescribeNetworkInterfaces: (parameters, context) =>
      describeInterfaces(interfaces, groups, faults, parameters, context),
    DescribeSubnets: (parameters, context) => describeSubnets(parameters, context),
  };
  return {
    name: 'ec2',
    codes: {
      accessDenied: { code: 'UnauthorizedOperation', status: 403 },
      unknownKey: { code: 'AuthFailure', status: 401 },
      expiredToken: { code: 'RequestExpired', status: 400 },
      skewed: { code: 'RequestExpired', status: 400 },
      throttled: { code: 'RequestLimitExceeded', status: 503 },
      internal: { code: 'InternalError', status: 500 },
    },
    parse(call: RawCall): ParsedCall {
      const parameters = QueryParameters.parse(call.body.toString('utf8'));
      return parsed(parameters.text('Action') ?? '', parameters);
    },
    parseTargetInput(action: string, input: string): ParsedCall {
      const value = JSON.parse(input) as Record<string, unknown>;
      const unknown = Object.keys(value).find((name) => TARGET_MEMBERS[action]?.includes(name) !== true);
      if (unknown !== undefined)
        throw new AwsError('InvalidParameter', `The parameter ${unknown} is not recognized`);
      return this.parseObject(action, value);
    },
    parseObject(action: string, input: object): ParsedCall {
      return parsed(action, QueryParameters.fromInput(input, QUERY_NAMES));
    },
    answerError(error: AwsError, requestId: string): AwsAnswer {
      return answer(error.status, 'Response', undefined, {
        Errors: { Error: { Code: error.code, Message: error.message } },
        RequestID: requestId,
      });
    },
  };

  function parsed(action: string, parameters: QueryParameters): ParsedCall {
    const run = actions[action];
    if (run === undefined) {
      throw new AwsError('InvalidAction', `The action ${action} is not valid for this web service.`);
    }
    const change = changeOf(action, parameters);
    return {
      action,
      input: parameters.toJSON(),
      ...(change && { change }),
      run: async (context) => {
        const content = { requestId: context.requestId, ...(await run(parameters, context)) };
        return {
          ...answer(200, `${action}Response`, NAMESPACE, content),
          ...(change && { responseElements: responseElements(content) }),
        };
      },
    };
  }
}

function answer(status: number, root: string, namespace: string | undefined, content: XmlTree): AwsAnswer {
  return {
    status,
    headers: { 'content-type': 'text/xml;charset=UTF-8' },
    body: xmlDocument(root, namespace, content),
  };
}
