/** A way in which leads find the site. */
export interface Source {
  /** `sourceId`, according to the API's documentation. */
  readonly id: number
  /** `foundVia`, according to the API's documentation. */
  readonly name: string
  /** Percentage of leads that come this way. */
  readonly weight: number
  /**
   * Possible values of `sourceValue1` (a search term, a site, a network, a campaign), each with the page that the
   * visitor came from; "" if there is none.
   */
  readonly visits: readonly (readonly [value: string, referrer: string])[]
}

export const sources: readonly Source[] = [
  {
    id: 1,
    name: 'Organic Search',
    weight: 30,
    visits: [
      ['inbound marketing', 'http://www.google.example/search?q=inbound+marketing'],
      ['crm für kmu', 'http://www.google.example/search?q=crm+f%C3%BCr+kmu'],
      ['продажи онлайн', 'http://www.yandex.example/yandsearch?text=%D0%BF%D1%80%D0%BE'],
      ['lead "scoring" & grading', 'http://www.bing.example/search?q=lead+%22scoring%22+%26+grading'],
    ],
  },
  {
    id: 2,
    name: 'Referrals',
    weight: 18,
    visits: [
      ['hubspot.com', 'http://www.hubspot.com/'],
      ['partner.example', 'http://partner.example/tools?ref=demo'],
      ['blog.agency.example', 'http://blog.agency.example/2011/05/ten-tools-we-use'],
    ],
  },
  {
    id: 3,
    name: 'Paid Search',
    weight: 10,
    visits: [
      ['AdWords Spring', 'http://www.google.example/aclk?sa=L&ai=demo'],
      ['AdWords Brand', ''],
    ],
  },
  { id: 4, name: 'Direct Traffic', weight: 17, visits: [['', '']] },
  {
    id: 5,
    name: 'Email Marketing',
    weight: 12,
    visits: [
      ['Newsletter 2012-03', ''],
      ['Social Media Whitepaper Email Campaign', 'http://mail.example/mail/u/0/#inbox'],
    ],
  },
  {
    id: 6,
    name: 'Social Media',
    weight: 8,
    visits: [
      ['Twitter', 'http://t.example/abc123'],
      ['Facebook', 'http://www.facebook.example/l.php?u=http%3A%2F%2Fdemo.example'],
      ['LinkedIn', ''],
      ['ВКонтакте', 'http://vk.example/away.php?to=demo.example'],
    ],
  },
  {
    id: 7,
    name: 'Other Campaigns',
    weight: 5,
    visits: [
      ['Trade Show Boston', ''],
      ['', ''],
    ],
  },
]
