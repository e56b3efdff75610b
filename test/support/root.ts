import { fileURLToPath } from 'node:url'

/**
 * The folder of the project, with a slash at its end. The tests are compiled into a folder of their own, so this is where
 * they find files that are not code.
 */
export const root = fileURLToPath(new URL('.', import.meta.resolve('leadpipe/package.json')))
