/** Where the Leads API lists leads. */
export const listPath = '/leads/v1/list'
