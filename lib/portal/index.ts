import '../node/checkNode.ts'

export { createPortal } from './createPortal.ts'
export { type GenerateOptions, generateLeads } from './data/generateLeads.ts'
export type {
  ChangeFault,
  CutFault,
  DelayFault,
  DripFault,
  ElementFault,
  Fault,
  GarbageFault,
  OversizedFault,
  ReorderFault,
  ResetFault,
  StallFault,
  StatusFault,
} from './faults/Fault.ts'
export type { FaultRule, FaultWhen, NumberRange, Numbers } from './faults/FaultRule.ts'
export { parseFaults } from './faults/language/parseFaults.ts'
export type { Portal, PortalRequest } from './Portal.ts'
export {
  PortalError,
  type PortalErrorCode,
  type PortalOptionContext,
  portalErrorCodes,
} from './PortalError.ts'
export type { Bounds, LeadIterable, PortalOptions, RateLimit } from './PortalOptions.ts'
