// The package that a case measures: this checkout's, or the one whose URL is in LEADPIPE.
const specifier = process.env.LEADPIPE ?? 'leadpipe'
const leadpipe: typeof import('leadpipe') = await import(specifier)

export const { HubSpotClient, filter, leads, map, peek, run, toFile, validate } = leadpipe
