import '../node/checkNode.ts'

export { createPortal } from './createPortal.ts'
export type { PortalCrm } from './crm/PortalCrm.ts'
export type { PropertyDefinition } from './crm/properties/PropertyDefinition.ts'
export type { NewRecord } from './crm/records/NewRecord.ts'
export { type GenerateOptions, generateLeads } from './data/generateLeads.ts'
export type {
  ChangeFault,
  CutFault,
  DelayFault,
  DripFault,
  ElementFault,
  ExpireFault,
  Fault,
  GarbageFault,
  LagFault,
  OversizedFault,
  PageFault,
  ReorderFault,
  ResetFault,
  ShortFault,
  StallFault,
  StatusFault,
  StrayFault,
  UnsortedFault,
} from './faults/Fault.ts'
export type { FaultRule, FaultWhen, NumberRange, Numbers } from './faults/FaultRule.ts'
export { parseFaults } from './faults/language/parseFaults.ts'
export type { PortalSubmission, PortalSubmissionValue } from './forms/PortalSubmission.ts'
export type { Portal, PortalRequest } from './Portal.ts'
export {
  PortalError,
  type PortalErrorCode,
  type PortalOptionContext,
  portalErrorCodes,
} from './PortalError.ts'
export type { Bounds, LeadIterable, ObjectIterable, PortalOptions, RateLimit } from './PortalOptions.ts'
