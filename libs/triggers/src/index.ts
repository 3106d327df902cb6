// The module.
export { TriggersModule } from './triggers.module.js';
export type { TriggersExtras, TriggersOptions } from './triggers.options.js';
export type { AdminOptions } from './admin/admin.options.js';
export type { Identity, Role } from './model/identity.js';
export type { WebhooksOptions } from './sources/webhook/webhooks-module.options.js';
export type { EngineOptions, RetentionOptions } from './engine/engine.options.js';
export type { TransportOption } from './engine/transport/transport.js';
export type { TriggerOverride } from './intake/trigger-overrides.js';
export { databaseFrom } from './store/database.options.js';
export type { DatabaseOptions, PostgresDatabaseOptions, SqliteDatabaseOptions } from './store/database.options.js';

// What stands on providers.
export { Trigger } from './sources/poll/trigger.decorator.js';
export { DEFAULT_POLL_OPTIONS } from './sources/poll/trigger.options.js';
export type { TriggerOptions } from './sources/poll/trigger.options.js';
export { ManualTrigger } from './sources/manual/manual-trigger.decorator.js';
export { DEFAULT_MANUAL_OPTIONS } from './sources/manual/manual-trigger.options.js';
export type { ManualPermission, ManualTriggerOptions } from './sources/manual/manual-trigger.options.js';
export type { ManualRequest } from './sources/manual/manual-request.js';
export type { DedupScope, FromConfig, RateLimit } from './intake/trigger-options.js';
export type { Poll, TriggerSource } from './sources/poll/poll.js';
export type { TriggerValue } from './sources/poll/trigger-value.js';
export { directoryTrigger } from './sources/builtin/directory/directory.trigger.js';
export type { DirectoryTriggerOptions } from './sources/builtin/directory/directory.trigger.js';
export { DirectorySource } from './sources/builtin/directory/directory.source.js';
export { DEFAULT_DIRECTORY_OPTIONS } from './sources/builtin/directory/directory.options.js';
export type { DirectoryOptions, FoundFile } from './sources/builtin/directory/directory.options.js';
export { httpTrigger } from './sources/builtin/http/http.trigger.js';
export type { HttpTriggerOptions } from './sources/builtin/http/http.trigger.js';
export { HttpSource } from './sources/builtin/http/http.source.js';
export { DEFAULT_HTTP_OPTIONS } from './sources/builtin/http/http.options.js';
export type { HttpOptions, UrlOptions } from './sources/builtin/http/http.options.js';
export { tableTrigger } from './sources/builtin/table/table.trigger.js';
export type { TableTriggerOptions } from './sources/builtin/table/table.trigger.js';
export { TableSource } from './sources/builtin/table/table.source.js';
export { DEFAULT_TABLE_OPTIONS } from './sources/builtin/table/table.options.js';
export type { TableOptions, TableRow } from './sources/builtin/table/table.options.js';
export { queueDepthTrigger } from './sources/builtin/queue-depth/queue-depth.trigger.js';
export type { QueueDepthTriggerOptions } from './sources/builtin/queue-depth/queue-depth.trigger.js';
export { QueueDepthSource } from './sources/builtin/queue-depth/queue-depth.source.js';
export { DEFAULT_QUEUE_DEPTH_OPTIONS } from './sources/builtin/queue-depth/queue-depth.options.js';
export type { DepthCrossing, QueueDepthOptions } from './sources/builtin/queue-depth/queue-depth.options.js';
export { healthTrigger } from './sources/builtin/health/health.trigger.js';
export type { HealthTriggerOptions } from './sources/builtin/health/health.trigger.js';
export { HealthSource } from './sources/builtin/health/health.source.js';
export { DEFAULT_HEALTH_OPTIONS } from './sources/builtin/health/health.options.js';
export type { HealthChange, HealthDown, HealthOptions, HealthUp } from './sources/builtin/health/health.options.js';
export { WorkflowTrigger } from './sources/workflow/workflow-trigger.decorator.js';
export type { WorkflowTriggerOptions } from './sources/workflow/workflow-trigger.options.js';
export type { WorkflowEnd } from './sources/workflow/workflow-end.js';
export type { EndError } from './intake/end-intake.service.js';
export { EntityTrigger } from './sources/entity/entity-trigger.decorator.js';
export { DEFAULT_ENTITY_OPTIONS } from './sources/entity/entity-trigger.options.js';
export type { DataSourceRef, EntityTriggerOptions, OutboxOptions } from './sources/entity/entity-trigger.options.js';
export type {
  EntityChange,
  EntityContext,
  EntityId,
  EntityOperation,
  EntityRow,
} from './sources/entity/entity-change.js';
export { entityCaptureSql } from './sources/entity/capture/entity-capture-sql.js';
export { CronTrigger, IntervalTrigger } from './sources/schedule/schedule.decorators.js';
export { DEFAULT_SCHEDULE_OPTIONS } from './sources/schedule/schedule.options.js';
export type {
  CronTriggerOptions,
  IntervalTriggerOptions,
  ScheduleOptions,
} from './sources/schedule/schedule.options.js';
export type { CatchUp } from './sources/schedule/due-ticks.js';
export type { ScheduleTick, ScheduledContext } from './sources/schedule/schedule-tick.js';
export { TriggerResult } from './model/trigger-result.js';
export type { FireItem, FireManyOptions, FireOptions } from './model/trigger-result.js';
export { MessageTrigger } from './sources/message/message-trigger.decorator.js';
export { DEFAULT_MESSAGE_OPTIONS } from './sources/message/message.options.js';
export type { MessageTriggerOptions } from './sources/message/message.options.js';
export type { Message } from './sources/message/message.js';
export type {
  DeliveredMessage,
  MessageBody,
  MessageHandler,
  MessageSource,
  MessageSubscription,
  Settlement,
  SubscribeOptions,
} from './sources/message/message-source.js';
export { WebhookTrigger } from './sources/webhook/webhook-trigger.decorator.js';
export { DEFAULT_WEBHOOK_OPTIONS } from './sources/webhook/webhook-trigger.options.js';
export type { WebhookTriggerOptions } from './sources/webhook/webhook-trigger.options.js';
export type { WebhookEvent, WebhookFired, WebhookReceipt, WebhookReply } from './sources/webhook/webhook-event.js';
export { standardWebhooks } from './sources/webhook/verify/standard-webhooks.verifier.js';
export type { StandardWebhooksOptions } from './sources/webhook/verify/standard-webhooks.verifier.js';
export { github } from './sources/webhook/verify/github.verifier.js';
export type { GithubOptions } from './sources/webhook/verify/github.verifier.js';
export { stripe } from './sources/webhook/verify/stripe.verifier.js';
export type { StripeOptions } from './sources/webhook/verify/stripe.verifier.js';
export { slack } from './sources/webhook/verify/slack.verifier.js';
export type { SlackOptions } from './sources/webhook/verify/slack.verifier.js';
export { shopify } from './sources/webhook/verify/shopify.verifier.js';
export type { ShopifyOptions } from './sources/webhook/verify/shopify.verifier.js';
export { hmac } from './sources/webhook/verify/hmac.verifier.js';
export { DEFAULT_HMAC_OPTIONS } from './sources/webhook/verify/hmac.options.js';
export type { HmacOptions } from './sources/webhook/verify/hmac.options.js';
export { cloudEvents } from './sources/webhook/verify/cloud-events.verifier.js';
export type { CloudEventsOptions } from './sources/webhook/verify/cloud-events.verifier.js';
export { apiKey } from './sources/webhook/verify/api-key.verifier.js';
export type { ApiKeyOptions } from './sources/webhook/verify/api-key.verifier.js';
export { custom } from './sources/webhook/verify/custom.verifier.js';
export type { CustomOptions, CustomVerdict, CustomVerify } from './sources/webhook/verify/custom.verifier.js';
export { unsigned } from './sources/webhook/verify/unsigned.verifier.js';
export { DEFAULT_TOLERANCE } from './sources/webhook/verify/signed-time.js';
export type { TimestampFormat, ToleranceOption } from './sources/webhook/verify/signed-time.js';
export type { SecretOption, Secrets } from './sources/webhook/verify/secret.js';
export type { HmacAlgorithm } from './sources/webhook/verify/signature.js';
export type {
  BodyReader,
  Coverage,
  OpenVerifier,
  PayloadReading,
  Verification,
  VerifierSetup,
  WebhookAnswer,
  WebhookDelivery,
  WebhookVerifier,
} from './sources/webhook/verify/verifier.js';
export { Workflow } from './workflows/workflow.decorator.js';
export type { WorkflowOptions } from './workflows/workflow.decorator.js';
export type { EndResult, WorkflowContext, WorkflowInput, WorkflowRef } from './workflows/workflow-ref.js';
export { Task } from './workflows/task.decorator.js';
export { DEFAULT_TASK_OPTIONS, taskId } from './workflows/task.options.js';
export type { TaskId, TaskOptions } from './workflows/task.options.js';
export type { StandardSchema } from './workflows/input-schema.js';
export type { RetryOptions } from './workflows/retry.options.js';
export { DEFAULT_RETRY_OPTIONS } from './workflows/retry.options.js';
export type { RunWhen, Upstream } from './workflows/workflow.definition.js';
export type { ExecutionView, TaskContext } from './workflows/task-context.js';
export type {
  OnTaskFailure,
  OnTaskRetry,
  OnTaskSuccess,
  OnWorkflowFailure,
  OnWorkflowSuccess,
} from './workflows/callback.types.js';
export { OnTriggers } from './callbacks/on-triggers.decorator.js';
export type { TriggersEvent, TriggersEventName, TriggersEvents } from './model/events.js';
export type { TriggersRequest } from './discovery/provider-invokers.js';

// What is injected.
export { DeadLettersService } from './admin/dead-letters.service.js';
export type { BulkReplay, BulkReplayed } from './admin/bulk-replay.js';
export type { ReplayOptions } from './admin/dead-letters.service.js';
export type {
  DeadExecution,
  DeadFiring,
  DeadLetter,
  DeadLetterDetail,
  DeadLetterKind,
} from './history/history.types.js';
export type { DeadLetterFilter } from './history/history.filters.js';
export { TriggersService } from './admin/triggers.service.js';
export type { ChangeOptions, FireByHandOptions, FireLaterOptions } from './admin/triggers.service.js';
export type { PendingFire } from './sources/entity/outbox/outbox-writer.service.js';
export type { OutboxManager } from './sources/entity/outbox/outbox.js';
export { WorkflowRunner } from './admin/workflow-runner.service.js';
export type { RunOptions, WorkflowResult } from './admin/workflow-runner.service.js';
export type { SkippedFire } from './sources/skipped-fire.js';
export type { FireOutcome, IdempotencyKey } from './intake/fire.types.js';
export type { ChangedBy } from './intake/trigger-control.service.js';
export type { TriggerDetail, TriggerView } from './admin/trigger.view.js';
export type { DryRunReport, PollReport } from './sources/poll/poll.reports.js';
export type { RuntimeTrigger } from './sources/poll/runtime-trigger.js';
export type {
  ContextPreview,
  ErrorView,
  ExecutionItem,
  NodeItem,
  NodesOverview,
  UnservedPool,
} from './history/history.types.js';
export type { Page, PageRequest } from './history/page.js';

// What is thrown, by us and by tasks.
export {
  DefinitionErrors,
  NonRetryableError,
  RetryAfterError,
  TriggersError,
  isTriggersError,
} from './model/errors.js';
export { ERROR_CODES } from './model/error-codes.js';
export type { ErrorCode, ErrorFamily } from './model/error-codes.js';

// Words.
export type { Duration } from './model/duration.js';
export type { ExecutionId, FiringId } from './model/ids.js';
export type { NodeRole } from './model/node-roles.js';
export type { Json, JsonObject, Jsonify } from './model/json.js';
export type { EndState, ExecutionState, FiringState, SourceKind, TaskState, TriggerState } from './model/states.js';
