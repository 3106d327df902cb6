import { DEFAULT_ADMIN_OPTIONS } from '../../libs/triggers/src/admin/admin.options.js';
import { DEFAULT_ENGINE_OPTIONS } from '../../libs/triggers/src/engine/engine.options.js';
import { DEFAULT_BULLMQ_OPTIONS } from '../../libs/triggers/src/engine/transport/bullmq/bullmq.options.js';
import { DEFAULT_TRIGGER_OPTIONS } from '../../libs/triggers/src/intake/trigger-options.js';
import { DEFAULT_DIRECTORY_OPTIONS } from '../../libs/triggers/src/sources/builtin/directory/directory.options.js';
import { DEFAULT_HEALTH_OPTIONS } from '../../libs/triggers/src/sources/builtin/health/health.options.js';
import { DEFAULT_HTTP_OPTIONS } from '../../libs/triggers/src/sources/builtin/http/http.options.js';
import { DEFAULT_QUEUE_DEPTH_OPTIONS } from '../../libs/triggers/src/sources/builtin/queue-depth/queue-depth.options.js';
import { DEFAULT_TABLE_OPTIONS } from '../../libs/triggers/src/sources/builtin/table/table.options.js';
import { DEFAULT_ENTITY_OPTIONS } from '../../libs/triggers/src/sources/entity/entity-trigger.options.js';
import { DEFAULT_MANUAL_OPTIONS } from '../../libs/triggers/src/sources/manual/manual-trigger.options.js';
import { DEFAULT_BULLMQ_QUEUE_OPTIONS } from '../../libs/triggers/src/sources/message/bullmq/bullmq-queue.options.js';
import { DEFAULT_MESSAGE_OPTIONS } from '../../libs/triggers/src/sources/message/message.options.js';
import { DEFAULT_REDIS_STREAM_OPTIONS } from '../../libs/triggers/src/sources/message/redis-streams/redis-stream.options.js';
import { DEFAULT_POLL_OPTIONS } from '../../libs/triggers/src/sources/poll/trigger.options.js';
import { DEFAULT_SCHEDULE_OPTIONS } from '../../libs/triggers/src/sources/schedule/schedule.options.js';
import { DEFAULT_WEBHOOK_OPTIONS } from '../../libs/triggers/src/sources/webhook/webhook-trigger.options.js';
import { DEFAULT_WEBHOOKS_OPTIONS } from '../../libs/triggers/src/sources/webhook/webhooks-module.options.js';
import { DEFAULT_DATABASE_OPTIONS } from '../../libs/triggers/src/store/database.options.js';
import { DEFAULT_RETRY_OPTIONS } from '../../libs/triggers/src/workflows/retry.options.js';
import { DEFAULT_TASK_OPTIONS } from '../../libs/triggers/src/workflows/task.options.js';
import { read, rows, section } from './markdown.js';
import { fieldsOf } from './source.js';
import type { Field } from './source.js';

const page = read('docs/reference/options.md');
const { concurrency, lease, drain, retention } = DEFAULT_ENGINE_OPTIONS;
const scheduleDefaults = Object.fromEntries(
  Object.entries(DEFAULT_SCHEDULE_OPTIONS).filter(([name]) => !(name in DEFAULT_TRIGGER_OPTIONS)),
);
const { timeZone: _ofCronAlone, ...intervalDefaults } = scheduleDefaults;
const { retry: _documentedByItself, ...taskDefaults } = DEFAULT_TASK_OPTIONS;
const { rateLimit, ...manualDefaults } = DEFAULT_MANUAL_OPTIONS;
const { ignore, ...directoryDefaults } = DEFAULT_DIRECTORY_OPTIONS;

const SECTIONS = [
  {
    heading: '## forRoot',
    types: [
      ['triggers.options.ts', 'TriggersOptions'],
      ['triggers.options.ts', 'TriggersExtras'],
      ['engine/engine.options.ts', 'EngineOptions'],
    ],
    defaults: {
      'worker.concurrency': concurrency,
      'node.lease': lease,
      'shutdown.drain': drain,
      ...Object.fromEntries(Object.entries(retention).map(([name, value]) => [`retention.${name}`, value])),
    },
  },
  {
    heading: '## forRoot: database',
    types: [['store/database.options.ts', 'DatabaseOptions']],
    defaults: DEFAULT_DATABASE_OPTIONS,
  },
  {
    heading: '## forRoot: transport: bullMq',
    types: [['engine/transport/bullmq/bullmq.options.ts', 'BullMqOptions']],
    defaults: DEFAULT_BULLMQ_OPTIONS,
  },
  {
    heading: '## forRoot: admin',
    types: [['admin/admin.options.ts', 'AdminOptions']],
    defaults: DEFAULT_ADMIN_OPTIONS,
  },
  {
    heading: '## forRoot: webhooks',
    types: [['sources/webhook/webhooks-module.options.ts', 'WebhooksOptions']],
    defaults: DEFAULT_WEBHOOKS_OPTIONS,
  },
  { heading: '## forRoot: triggers', types: [['intake/trigger-overrides.ts', 'TriggerOverride']], defaults: {} },
  {
    heading: '## @Trigger',
    types: [
      ['intake/trigger-options.ts', 'TriggerBaseOptions'],
      ['sources/poll/trigger.options.ts', 'TriggerOptions'],
    ],
    defaults: DEFAULT_POLL_OPTIONS,
  },
  {
    heading: '## directoryTrigger',
    types: [
      ['sources/builtin/directory/directory.options.ts', 'DirectoryOptions'],
      ['sources/builtin/built-in.options.ts', 'Mapping'],
    ],
    defaults: directoryDefaults,
  },
  {
    heading: '## httpTrigger',
    types: [
      ['sources/builtin/http/http.options.ts', 'HttpOptions'],
      ['sources/builtin/built-in.options.ts', 'Mapping'],
    ],
    defaults: DEFAULT_HTTP_OPTIONS,
  },
  {
    heading: '## tableTrigger',
    types: [
      ['sources/builtin/table/table.options.ts', 'TableOptions'],
      ['sources/builtin/table/table.trigger.ts', 'TableMemory'],
      ['sources/builtin/built-in.options.ts', 'Mapping'],
    ],
    defaults: DEFAULT_TABLE_OPTIONS,
  },
  {
    heading: '## queueDepthTrigger',
    types: [
      ['sources/builtin/queue-depth/queue-depth.options.ts', 'QueueDepthOptions'],
      ['sources/builtin/built-in.options.ts', 'Mapping'],
    ],
    defaults: DEFAULT_QUEUE_DEPTH_OPTIONS,
  },
  {
    heading: '## healthTrigger',
    types: [
      ['sources/builtin/http/http.options.ts', 'UrlOptions'],
      ['sources/builtin/health/health.options.ts', 'HealthOptions'],
      ['sources/builtin/built-in.options.ts', 'Mapping'],
    ],
    defaults: { ...DEFAULT_HTTP_OPTIONS, ...DEFAULT_HEALTH_OPTIONS },
  },
  {
    heading: '## @CronTrigger',
    types: [
      ['sources/schedule/schedule.options.ts', 'ScheduleOptions'],
      ['sources/schedule/schedule.options.ts', 'CronTriggerOptions'],
    ],
    defaults: scheduleDefaults,
  },
  {
    heading: '## @IntervalTrigger',
    types: [
      ['sources/schedule/schedule.options.ts', 'ScheduleOptions'],
      ['sources/schedule/schedule.options.ts', 'IntervalTriggerOptions'],
    ],
    defaults: intervalDefaults,
  },
  {
    heading: '## @WebhookTrigger',
    types: [
      ['intake/trigger-options.ts', 'TriggerBaseOptions'],
      ['sources/webhook/webhook-trigger.options.ts', 'WebhookTriggerOptions'],
    ],
    defaults: DEFAULT_WEBHOOK_OPTIONS,
  },
  {
    heading: '## @MessageTrigger',
    types: [
      ['intake/trigger-options.ts', 'TriggerBaseOptions'],
      ['sources/message/message.options.ts', 'MessageTriggerOptions'],
    ],
    defaults: DEFAULT_MESSAGE_OPTIONS,
  },
  {
    heading: '## bullMqQueue',
    types: [['sources/message/bullmq/bullmq-queue.options.ts', 'BullMqQueueOptions']],
    defaults: DEFAULT_BULLMQ_QUEUE_OPTIONS,
  },
  {
    heading: '## redisStream',
    types: [['sources/message/redis-streams/redis-stream.options.ts', 'RedisStreamOptions']],
    defaults: DEFAULT_REDIS_STREAM_OPTIONS,
  },
  {
    heading: '## @ManualTrigger',
    types: [
      ['intake/trigger-options.ts', 'TriggerBaseOptions'],
      ['sources/manual/manual-trigger.options.ts', 'ManualTriggerOptions'],
    ],
    // What is limited can be tried again by who fired it.
    without: ['onLimit'],
    defaults: manualDefaults,
  },
  {
    heading: '## @WorkflowTrigger',
    types: [['sources/workflow/workflow-trigger.options.ts', 'WorkflowTriggerOptions']],
    defaults: {},
  },
  {
    heading: '## @EntityTrigger',
    types: [['sources/entity/entity-trigger.options.ts', 'EntityTriggerOptions']],
    defaults: { whenDisabled: DEFAULT_ENTITY_OPTIONS.whenDisabled },
  },
  { heading: '## @Workflow', types: [['workflows/workflow.decorator.ts', 'WorkflowOptions']], defaults: {} },
  { heading: '## @Task', types: [['workflows/task.options.ts', 'TaskOptions']], defaults: taskDefaults },
  {
    heading: '## @Task: retry',
    types: [['workflows/retry.options.ts', 'RetryOptions']],
    defaults: DEFAULT_RETRY_OPTIONS,
  },
] as const;

/** Options whose value is an object with parts that mean nothing alone. */
const WHOLE = ['rateLimit', 'dedup'];

function leaves({ name, fields }: Field): string[] {
  return fields.length === 0 || WHOLE.includes(name)
    ? [name]
    : fields.flatMap((field) => leaves(field)).map((leaf) => `${name}.${leaf}`);
}

function declaredOptions(
  types: readonly (readonly [path: string, type: string])[],
  without: readonly string[],
): string[] {
  const names = types.flatMap(([path, type]) => fieldsOf(path, type).flatMap((field) => leaves(field)));
  return [...new Set(names)].filter((name) => !without.includes(name)).sort();
}

function shown(value: unknown): string {
  if (Array.isArray(value) && value.length === 0) return 'none';
  if (Array.isArray(value)) return `\`[${value.map((one) => `'${one}'`).join(', ')}]\``;
  return typeof value === 'string' ? `\`'${value}'\`` : `\`${String(value)}\``;
}

it.each(SECTIONS)('lists every option of "$heading" and no other', ({ heading, types, ...more }) => {
  const documented = rows(section(page, heading))
    .map(([name]) => name)
    .sort();
  expect(documented).toEqual(declaredOptions(types, 'without' in more ? more.without : []));
});

it.each(SECTIONS)('gives the defaults of "$heading" as the code has them', ({ heading, defaults }) => {
  const documented = new Map(rows(section(page, heading)).map(([name = '', byDefault = '']) => [name, byDefault]));
  const given = Object.keys(defaults).map((name) => [name, documented.get(name)]);
  const expected = Object.entries(defaults).map(([name, value]) => [name, shown(value)]);
  expect(given).toEqual(expected);
});

it('gives the rate limit of a manual trigger as the code has it', () => {
  const documented = new Map(
    rows(section(page, '## @ManualTrigger')).map(([name = '', byDefault]) => [name, byDefault]),
  );
  expect(documented.get('rateLimit')).toBe(`${rateLimit.limit} in \`${rateLimit.per}\``);
});

it('names what a directory trigger passes over as the code has it', () => {
  const documented = new Map(
    rows(section(page, '## directoryTrigger')).map(([name = '', byDefault = '']) => [name, byDefault]),
  );
  const patterns = [...(documented.get('ignore') ?? '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
  expect(patterns.map((text) => (text.length === 1 ? `${text}*` : text)).sort()).toEqual([...ignore].sort());
});

it('has a section for nothing else', () => {
  const headings = [...page.matchAll(/^## .+$/gm)].map(([heading]) => heading);
  expect(headings).toEqual(SECTIONS.map(({ heading }) => heading));
});
