import type { Person } from '../makePerson.ts'

/** A question that a form may ask. */
export interface Field {
  readonly name: string
  /** The text beside the question. */
  readonly label: string
  /** The person's text that answers it. */
  readonly answer: keyof Person
}

const firstName: Field = { name: 'FirstName', label: 'First Name', answer: 'firstName' }
const lastName: Field = { name: 'LastName', label: 'Last Name', answer: 'lastName' }
const email: Field = {
  name: 'Email',
  label: 'Email (we will keep your email completely private)',
  answer: 'email',
}
const company: Field = { name: 'Company', label: 'Company', answer: 'company' }
const phone: Field = { name: 'Phone', label: 'Phone', answer: 'phone' }
const jobTitle: Field = { name: 'JobTitle', label: 'Job Title', answer: 'jobTitle' }
const website: Field = { name: 'Website', label: 'Website URL', answer: 'website' }
const message: Field = { name: 'Message', label: 'Message', answer: 'message' }

/** A form of the portal's site. */
export interface Form {
  readonly guid: string
  readonly id: number
  readonly name: string
  readonly pageName: string
  readonly pageUrl: string
  readonly fields: readonly Field[]
  readonly formType: 'hubspot' | 'captured' | 'flow' | 'blog_comment'
  /** Whether the form has been archived since. */
  readonly archived: boolean
}

/** The forms, with zero to eight fields. */
export const forms: readonly Form[] = [
  {
    guid: 'fcbd0c1834a14534adfc1f0197801048',
    id: 25349,
    name: 'Contact Us',
    pageName: 'Landing Pages',
    pageUrl: 'http://demo.example/landing-pages/Default.aspx?RewriteStatus=1',
    fields: [firstName, lastName, email, message],
    formType: 'hubspot',
    archived: false,
  },
  {
    guid: '3b1f6d2e9c7a4f0e8d5b6a1c2f3e4d5c',
    id: 25411,
    name: 'Request a Demo',
    pageName: 'Demo',
    pageUrl: 'http://demo.example/demo/?utm_source=home&utm_medium=button',
    fields: [firstName, lastName, email, company, phone, jobTitle, website, message],
    formType: 'hubspot',
    archived: false,
  },
  {
    guid: '7e57c0de1a2b4c3d9e8f0a1b2c3d4e5f',
    id: 25502,
    name: 'Newsletter – "Inbound Weekly"',
    pageName: 'Blog',
    pageUrl: 'http://blog.demo.example/',
    fields: [email],
    formType: 'captured',
    archived: false,
  },
  {
    guid: 'a0b1c2d3e4f5460718293a4b5c6d7e8f',
    id: 26120,
    name: 'Whitepaper: 7 Schritte für größere Reichweite',
    pageName: 'Whitepaper herunterladen',
    pageUrl: 'http://demo.example/de/whitepaper/gr%C3%B6%C3%9Fere-reichweite',
    fields: [firstName, lastName, email, company, jobTitle],
    formType: 'hubspot',
    archived: true,
  },
  {
    guid: '0123456789abcdef0123456789abcdef',
    id: 26987,
    name: 'Webinar sign-up',
    pageName: 'Webinars',
    pageUrl: 'http://demo.example/webinars/?id=42#register',
    fields: [email, firstName, phone],
    formType: 'flow',
    archived: false,
  },
  {
    guid: '5ca1ab1e0ddba11c0ffee0ddf00dbabe',
    id: 27003,
    name: 'One-click download',
    pageName: 'Thank you',
    pageUrl: 'http://demo.example/thanks',
    fields: [],
    formType: 'hubspot',
    archived: false,
  },
]

/** The form for comments on the blog, which every portal has. Its submissions can not be read, and no lead has any. */
export const blogComments: Form = {
  guid: 'b10c0000c0ffee00b10c0000c0ffee00',
  id: 24001,
  name: 'Blog Comments Form',
  pageName: 'Blog',
  pageUrl: 'http://blog.demo.example/',
  fields: [],
  formType: 'blog_comment',
  archived: false,
}
