export const industries: readonly string[] = [
  '',
  'Software',
  'Marketing & Advertising',
  'Health Care',
  'Manufacturing',
  'Non-profit',
  'Bildung',
]

export const jobTitles: readonly string[] = [
  '',
  'Owner',
  'Marketing Manager',
  'VP, Sales',
  'Geschäftsführer',
  'Directeur général',
  'Студент',
  '部長',
  'CEO / "Chief Everything Officer"',
]

export const salutations: readonly string[] = ['', '', '', 'Mr.', 'Ms.', 'Dr.', 'Prof. Dr.']

export const crmStatuses: readonly string[] = ['Open', 'Open', 'In Progress', 'Attempted to Contact', 'New']
