// The package that a case measures: the one whose URL is in LEADPIPE; by default, this checkout's.
const specifier = process.env.LEADPIPE ?? 'leadpipe'
const leadpipe: typeof import('leadpipe') = await import(specifier)

export const {
  compose,
  explodeEvents,
  explodeFormValues,
  filter,
  HubSpotClient,
  leads,
  map,
  peek,
  project,
  run,
  toFile,
  validate,
} = leadpipe
