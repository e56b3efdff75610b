/*
 * Messages of visitors. Half of them are harmless; the rest contain what breaks naive writers of JSON and CSV:
 * quotes, backslashes, line ends of every kind, tabs, control characters, bytes that look like markup, U+2028 (a
 * line end in JavaScript, but not in JSON), right-to-left text, and emoji of many code points.
 */
export const messages: readonly string[] = [
  'Please call me back about pricing.',
  'We are looking for a tool that tracks where our visitors come from. Could somebody show us a demo next week?',
  'How many users are included in the basic plan?',
  'I would like to cancel my subscription to the newsletter.',
  'We met at the conference in Boston. Send me the slides, thanks!',
  'Is there an integration with our CRM? We have about 12,000 contacts and three sales teams.',
  'Do you offer a discount for non-profit organisations?',
  'Just trying the form.',
  'Our site gets 40,000 visits a month and 0.4% of them fill in a form; that must be possible to improve. Where would you begin?',
  'She said "call me, maybe" and then: "don\'t".',
  'The export is in C:\\temp\\new\\leads.csv, and \\\\server\\share has a copy.',
  'Hello,\n\nplease send an offer for:\n- 3 seats\n- 1 year\n\nRegards',
  'First line\r\nsecond line\r\n\tindented by a tab',
  'a,b;c|d\t"e ""f"" g"\n=SUM(A1:A9)',
  'Pasted from a terminal: \u001b[31mred\u001b[0m \u0001\u0002 end\u007f',
  'Line separator\u2028and paragraph\u2029separator',
  'zero\u200bwidth, no-break\u00a0space, soft\u00adhyphen, and a byte order mark: \ufeff.',
  '<script>alert("x")</script> &amp; <b>bold</b> ]]>',
  '{"json":"inside \\"json\\"","n":[1,2,3]}',
  "Robert'); DROP TABLE leads;--",
  'Thanks 👍🏽 from our whole family 👨‍👩‍👧‍👦 and greetings from 🇬🇷!',
  'Пожалуйста, перезвоните мне завтра после обеда.',
  'Παρακαλώ στείλτε μου περισσότερες πληροφορίες.',
  'السلام عليكم، أريد معرفة الأسعار (مع الضريبة) من فضلكم.',
  'אפשר לקבל הצעת מחיר ל-3 משתמשים?',
  '请尽快与我联系,谢谢!',
  '資料を送ってください。よろしくお願いします。',
  '견적서를 보내 주세요.',
  'कृपया मुझे कीमत बताइए।',
  'e\u0301 is not \u00e9, and ﬁ is a ligature; 𝒻𝒶𝓃𝒸𝓎 is outside the basic plane.',
  `${'We have tried four products so far and none of them could tell us which page a customer saw first. '.repeat(6)}Can yours?`,
]
