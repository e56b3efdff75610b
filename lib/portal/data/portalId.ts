/** The HubSpot Hub ID of the portal: the one in the documentation's example. */
export const portalId = 62515
