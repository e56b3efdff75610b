/** The HubSpot Hub ID of the portal: that of the documentation's example. */
export const portalId = 62515
