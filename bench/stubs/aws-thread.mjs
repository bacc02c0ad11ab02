// EC2 and EventBridge Scheduler, as cheap as they can be, in a thread of their own: what is measured is who calls them.
// EC2: describes and revokes the rules it was given. Scheduler: keeps what it was sent. Anything else is a mistake.
// Takes { rules, switches }, { latencyMs }, { throttle: { bucket, refillPerSecond } | null }, { report }; answers who revoked when.
import { createServer } from 'node:http';
import { parentPort } from 'node:worker_threads';

/** group -> rule id -> element */
const groups = new Map();
const groupOf = new Map();
const schedules = new Map();
/** Every revoke that arrived: { at, group, rules, ok } */
let revokes = [];
let counts = {};
let latencyMs = 0;
let bucket;

const server = createServer((request, response) => {
  const at = Date.now();
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const [status, type, body] = answer(request, Buffer.concat(chunks).toString(), at);
    setTimeout(() => {
      response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': `stub-${at}` });
      response.end(body);
    }, latencyMs);
  });
});
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));

parentPort.on('message', (message) => {
  for (const rule of message.rules ?? []) put(rule);
  for (const each of message.switches ?? []) schedules.set(each.Name, each);
  if (message.latencyMs !== undefined) latencyMs = message.latencyMs;
  if (message.throttle !== undefined)
    bucket = message.throttle && {
      ...message.throttle,
      tokens: message.throttle.bucket,
      filledAt: performance.now(),
    };
  if (message.forget) [revokes, counts] = [[], {}];
  if (message.report) parentPort.postMessage({ report: message.report, revokes, counts });
});

function put(rule) {
  if (!groups.has(rule.group)) groups.set(rule.group, new Map());
  groups.get(rule.group).set(rule.ruleId, element(rule));
  groupOf.set(rule.ruleId, rule.group);
}

function element({ group, ruleId, account, address, port, tags }) {
  const tagSet = Object.entries(tags).map(
    ([key, value]) => `<item><key>${key}</key><value>${value}</value></item>`,
  );
  return (
    `<item><securityGroupRuleId>${ruleId}</securityGroupRuleId><groupId>${group}</groupId>` +
    `<groupOwnerId>${account}</groupOwnerId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol>` +
    `<fromPort>${port}</fromPort><toPort>${port}</toPort><cidrIpv4>${address}</cidrIpv4>` +
    `<tagSet>${tagSet.join('')}</tagSet></item>`
  );
}

function answer(request, body, at) {
  if (request.url.startsWith('/schedules')) return schedule(request, body);
  const parameters = new URLSearchParams(body);
  const action = parameters.get('Action');
  counts[action] = (counts[action] ?? 0) + 1;
  if (action === 'DescribeSecurityGroupRules') return describe(parameters);
  if (action === 'RevokeSecurityGroupIngress') return revoke(parameters, at);
  return refused(action, 'UnsupportedOperation', 400);
}

function describe(parameters) {
  const name = parameters.get('Filter.1.Name');
  const values = all(parameters, 'Filter.1.Value');
  const wanted = name === 'group-id' ? values : [...groups.keys()];
  const rules = wanted.flatMap((group) => [...(groups.get(group)?.values() ?? [])]);
  const from = Number(parameters.get('NextToken') ?? 0);
  const limit = Number(parameters.get('MaxResults') ?? 1000);
  const more = from + limit < rules.length ? `<nextToken>${from + limit}</nextToken>` : '';
  return xml(
    'DescribeSecurityGroupRules',
    `<securityGroupRuleSet>${rules.slice(from, from + limit).join('')}</securityGroupRuleSet>${more}`,
  );
}

function revoke(parameters, at) {
  const group = parameters.get('GroupId');
  const rules = all(parameters, 'SecurityGroupRuleId');
  const known = groups.get(group);
  const admitted = admit();
  const present = rules.every((rule) => known?.has(rule) === true);
  revokes.push({ at, group, rules: rules.length, ok: admitted && present });
  if (!admitted) return refused('RevokeSecurityGroupIngress', 'RequestLimitExceeded', 503);
  if (!present) return refused('RevokeSecurityGroupIngress', 'InvalidSecurityGroupRuleId.NotFound', 400);
  for (const rule of rules) known.delete(rule);
  return xml('RevokeSecurityGroupIngress', '<return>true</return>');
}

function admit() {
  if (!bucket) return true;
  const now = performance.now();
  const refilled = ((now - bucket.filledAt) / 1000) * bucket.refillPerSecond;
  bucket.tokens = Math.min(bucket.bucket, bucket.tokens + refilled);
  bucket.filledAt = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

function schedule({ method, url }, body) {
  const [path, query = ''] = url.split('?');
  const name = decodeURIComponent(path.split('/')[2] ?? '');
  counts[`${method} schedule`] = (counts[`${method} schedule`] ?? 0) + 1;
  const found = schedules.get(name);
  if (method === 'GET' && path === '/schedules') return json(200, listed(new URLSearchParams(query)));
  if (method === 'POST' || method === 'PUT') {
    schedules.set(name, { ...JSON.parse(body), Name: name });
    return json(200, { ScheduleArn: `arn:aws:scheduler:eu-west-1:111122223333:schedule/breakglass/${name}` });
  }
  if (found === undefined)
    return json(404, { Message: `Schedule ${name} does not exist.` }, 'ResourceNotFoundException');
  if (method === 'DELETE') {
    schedules.delete(name);
    return json(200, {});
  }
  const { ClientToken: _, ...rest } = found;
  return json(200, { ...rest, Arn: `arn:aws:scheduler:eu-west-1:111122223333:schedule/breakglass/${name}` });
}

function listed(query) {
  const from = Number(query.get('NextToken') ?? 0);
  const limit = Number(query.get('MaxResults') ?? 100);
  const names = [...schedules.keys()];
  const page = names.slice(from, from + limit);
  return {
    Schedules: page.map((Name) => ({ Name, GroupName: schedules.get(Name).GroupName, State: 'ENABLED' })),
    ...(from + limit < names.length && { NextToken: String(from + limit) }),
  };
}

const all = (parameters, prefix) => {
  const values = [];
  for (let n = 1; parameters.has(`${prefix}.${n}`); n += 1) values.push(parameters.get(`${prefix}.${n}`));
  return values;
};

const xml = (action, inside) => [
  200,
  'text/xml',
  `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>stub</requestId>${inside}</${action}Response>`,
];

const refused = (action, code, status) => [
  status,
  'text/xml',
  `<Response><Errors><Error><Code>${code}</Code><Message>${action}</Message></Error></Errors><RequestID>stub</RequestID></Response>`,
];

const json = (status, body, type) => [
  status,
  'application/json',
  JSON.stringify(type ? { ...body, __type: type } : body),
];
