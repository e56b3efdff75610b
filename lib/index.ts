import './node/checkNode.ts'
import { startDebugLog } from './observe/channels.ts'

startDebugLog()

// Checkpoints
export type { CheckpointOptions, SaveEvery } from './checkpoint/options.ts'
// Today's records
export type { CrmPosition, CursorPosition, IdPosition, SearchPosition } from './crm/CrmPosition.ts'
export type { Association, AssociationType, CrmRecord, PropertyVersion } from './crm/CrmRecord.ts'
export type { CrmValue } from './crm/convertValue.ts'
export type { Form, FormField, FormFieldGroup } from './crm/Form.ts'
export type { FormSubmission, SubmissionValue } from './crm/FormSubmission.ts'
export type { FormsPosition, SubmissionsPosition } from './crm/formPositions.ts'
export {
  type CallContext,
  done,
  type Emit,
  type Flush,
  type OperatorCounts,
  type OperatorInstance,
  type Step,
  type StepDefinition,
  type StepResult,
} from './engine/definition.ts'
// Errors
export type {
  AnswerContext,
  ConnectionContext,
  ErrorContexts,
  OptionContext,
  Remedy,
} from './errors/ErrorContexts.ts'
export {
  type ErrorCode,
  type ErrorContext,
  errorCodes,
  LeadpipeError,
  type LeadpipeErrorClass,
  type LeadpipeErrorOf,
  type LeadpipeErrorOptions,
} from './errors.ts'
export type { Format } from './formats/formats.ts'
// The client
export type { RateLimit, RetryOptions, TimeoutOptions } from './http/transportOptions.ts'
export type { AccessToken, AccessTokenFunction } from './hubspot/AccessTokens.ts'
export type { ApiVersion } from './hubspot/apiPaths.ts'
export { type Answer, type GetOptions, HubSpotClient, type PostOptions } from './hubspot/HubSpotClient.ts'
export type { HubSpotClientOptions } from './hubspot/options.ts'
// The model
export { type TimePivot, timePivots } from './lead/apiQuirks.ts'
export { type Lead, type LeadWithNulls, leadSchema } from './lead/Lead.ts'
export type { LeadsQuery, Time } from './lead/LeadsQuery.ts'
export type { AnalyticsDetails, ConversionEvent, CrmDetails, FormSubmissionValue } from './lead/leadParts.ts'
export type { GuidsPosition, OffsetPosition, Position, SeekPosition } from './lead/Position.ts'
// The messages of the diagnostics channels
export type {
  CheckpointMessage,
  LimitMessage,
  PageMessage,
  RequestMessage,
  RetryMessage,
} from './observe/channels.ts'
// Operators
export { type BatchSize, batch } from './operators/batch.ts'
export { type Coerced, type CoercedTypes, type CoerceOptions, coerce } from './operators/coerce.ts'
export { compose } from './operators/compose.ts'
export { type DedupeOptions, dedupe } from './operators/dedupe.ts'
// Sinks
export { encode } from './operators/encode.ts'
export {
  type Exploded,
  type ExplodeOptions,
  explode,
  explodeEvents,
  explodeFormValues,
} from './operators/explode.ts'
export { type FilterOptions, filter, type Verdict } from './operators/filter.ts'
export { flatMap, type Several } from './operators/flatMap.ts'
export { type Flattened, type FlattenOptions, flatten } from './operators/flatten.ts'
export type { InvalidOptions } from './operators/invalidPolicy.ts'
export { type MapOptions, map } from './operators/map.ts'
export { type Masked, type MaskOptions, mask } from './operators/mask.ts'
export { omit } from './operators/omit.ts'
export { operator } from './operators/operator.ts'
export type { ArrayPath, EachPath, Path, ValueAt } from './operators/paths.ts'
export { peek } from './operators/peek.ts'
export { type PersonalField, personalFields } from './operators/personalFields.ts'
export {
  type FormColumns,
  type Pivoted,
  type PivotOptions,
  pivotFormValues,
} from './operators/pivotFormValues.ts'
export { type Mapping, type Picked, type Projected, project } from './operators/project.ts'
export { type NewNames, type Renamed, rename } from './operators/rename.ts'
export { type SampleOptions, sample } from './operators/sample.ts'
export { skip } from './operators/skip.ts'
export { type SummarizeOptions, type Summary, summarize } from './operators/summarize.ts'
export { take } from './operators/take.ts'
export { transform } from './operators/transform.ts'
export { type UnknownField, type UnknownFieldsOptions, unknownFields } from './operators/unknownFields.ts'
export {
  type CompiledSchema,
  type StandardIssue,
  type StandardOutput,
  type StandardResult,
  type StandardSchema,
  type ValidateOptions,
  validate,
} from './operators/validate.ts'
export type { BatchCounts } from './paging/crm/batchCounts.ts'
export type { RefusedForm } from './paging/crm/SubmissionsPlan.ts'
export type { Missing } from './paging/LeadPlan.ts'
// Running
export type { RunOptions } from './run/options.ts'
export {
  type OutputReport,
  type Report,
  RunError,
  type RunErrorClass,
  type SinkReport,
} from './run/Report.ts'
export type { Source } from './run/RunSignature.ts'
export { run } from './run/run.ts'
export { type BranchOptions, branch } from './sinks/branch.ts'
export type { FileSink } from './sinks/file/FileSink.ts'
export type { FileOptions } from './sinks/file/options.ts'
export type { DeadLetter } from './sinks/http/DeadLetters.ts'
export type { HttpSink } from './sinks/http/HttpSink.ts'
export type { HttpCounts } from './sinks/http/httpState.ts'
export type { BatchOptions, HttpOptions } from './sinks/http/options.ts'
export type { HttpAnswer, ReadAnswer, RefusedRecord } from './sinks/http/readOutcome.ts'
export type { Open, OpenOptions, SinkEnd, SinkUse } from './sinks/OwnSinkRun.ts'
export { type OwnSink, type SinkOptions, sink } from './sinks/sink.ts'
export { tee } from './sinks/tee.ts'
export { type ArrayOptions, type ArraySink, toArray } from './sinks/toArray.ts'
export { toFile } from './sinks/toFile.ts'
export { toHttp } from './sinks/toHttp.ts'
export type { SubmissionsFacts } from './sources/crm/ContactsAsLeadsRun.ts'
export { type ContactsAsLeadsSource, contactsAsLeads } from './sources/crm/contactsAsLeads.ts'
export { type CrmRecordOf, type CrmSource, contacts, crmObjects } from './sources/crm/crmObjects.ts'
// The sources
export type { FormsFacts } from './sources/crm/FormSubmissionsRun.ts'
export type { FormSubmissionsOptions, FormsOptions } from './sources/crm/formOptions.ts'
export { type FormSubmissionSource, formSubmissions } from './sources/crm/formSubmissions.ts'
export { type FormSource, forms } from './sources/crm/forms.ts'
export type { ContactsAsLeadsOptions } from './sources/crm/leadOptions.ts'
export type { CrmOptions } from './sources/crm/options.ts'
export type { LeadSource } from './sources/leads.ts'
export { leads } from './sources/leads.ts'
export type { Read, ReadOptions, SourceBatch } from './sources/OwnSourceRun.ts'
export type { LeadsOptions } from './sources/options.ts'
export { type QuarantinedOptions, type QuarantineSource, quarantined } from './sources/quarantined.ts'
export type { SourceCounts } from './sources/SourceCounts.ts'
export { type OwnSource, type SourceOptions, source } from './sources/source.ts'
export type { Quarantined, SchemaProblem } from './stage/Quarantined.ts'
export type { Operator } from './streams/Operator.ts'
export type { AnySink, SinkCounts, SinkWritable as Sink } from './streams/SinkWritable.ts'
