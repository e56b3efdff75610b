/*
 * A checkpoint file has two lines of JSON: what it is, with the digest of the second line; and the checkpoint.
 */
export const format = 'leadpipe checkpoint'
export const version = 2
