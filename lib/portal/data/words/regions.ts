/** A word as people write it, and as it is spelled in an e-mail address or a domain. */
export type Spelled = readonly [native: string, ascii: string]

/** A region that leads come from, with the names of its people, companies and towns. */
export interface Region {
  readonly country: string
  /** Percentage of leads that come from here. */
  readonly weight: number
  readonly dialling: string
  readonly firstNames: readonly Spelled[]
  readonly lastNames: readonly Spelled[]
  readonly companies: readonly Spelled[]
  readonly streets: readonly string[]
  readonly towns: readonly (readonly [city: string, state: string, zip: string])[]
}

/*
 * One region for every script that breaks naive exporters, plus the letters that change their length or shape with
 * their case: the Turkish İ, the German ß, the Greek final ς.
 */
export const regions: readonly Region[] = [
  {
    country: 'United States',
    weight: 34,
    dialling: '+1 617',
    firstNames: [
      ['James', 'james'],
      ['Mary', 'mary'],
      ['Robert', 'robert'],
      ['Patricia', 'patricia'],
      ["D'Andre", 'dandre'],
      ['Anne-Marie', 'anne-marie'],
      ['Linda', 'linda'],
      ['William', 'william'],
    ],
    lastNames: [
      ['Smith', 'smith'],
      ["O'Neill", 'oneill'],
      ['Johnson', 'johnson'],
      ['Van der Berg', 'vanderberg'],
      ['Williams', 'williams'],
      ['McAllister', 'mcallister'],
      ['Nguyen', 'nguyen'],
      ['Garcia-Lopez', 'garcia-lopez'],
    ],
    companies: [
      ['Acme, Inc.', 'acme'],
      ['Harbor & Pine LLC', 'harborpine'],
      ['"Best" Plumbing Co.', 'bestplumbing'],
      ['Initech', 'initech'],
      ['O’Hara Brothers', 'oharabrothers'],
    ],
    streets: ['Main Street', 'First Street, Suite 200', 'Broadway', 'Elm Avenue'],
    towns: [
      ['Cambridge', 'MA', '02139'],
      ['Austin', 'TX', '78701'],
      ['Portland', 'OR', '97205'],
      ['Winston-Salem', 'NC', '27101'],
    ],
  },
  {
    country: 'Deutschland',
    weight: 7,
    dialling: '+49 30',
    firstNames: [
      ['Jürgen', 'juergen'],
      ['Käthe', 'kaethe'],
      ['Günther', 'guenther'],
      ['Sören', 'soeren'],
    ],
    lastNames: [
      ['Müller', 'mueller'],
      ['Weiß', 'weiss'],
      ['Schröder', 'schroeder'],
      ['von der Straße', 'strasse'],
    ],
    companies: [
      ['Bäckerei Weiß GmbH', 'baeckerei-weiss'],
      ['Müller & Söhne KG', 'mueller-soehne'],
    ],
    streets: ['Königstraße', 'Am Mühlenbach', 'Große Allee'],
    towns: [
      ['Köln', 'NW', '50667'],
      ['München', 'BY', '80331'],
    ],
  },
  {
    country: 'France',
    weight: 6,
    dialling: '+33 1',
    firstNames: [
      ['François', 'francois'],
      ['Zoé', 'zoe'],
      ['Anaïs', 'anais'],
      ['Gaël', 'gael'],
    ],
    lastNames: [
      ['Lefèvre', 'lefevre'],
      ["D'Aubigné", 'daubigne'],
      ['Garçon', 'garcon'],
      ['Nuñez-Bœuf', 'nunez-boeuf'],
    ],
    companies: [
      ['Crème Brûlée SARL', 'cremebrulee'],
      ["L'Œuvre d'Art", 'oeuvredart'],
    ],
    streets: ['rue de l’Église', 'boulevard Saint-Honoré'],
    towns: [
      ['Orléans', 'Centre-Val de Loire', '45000'],
      ['Besançon', 'Franche-Comté', '25000'],
    ],
  },
  {
    country: 'Česko',
    weight: 5,
    dialling: '+420 2',
    firstNames: [
      ['Jiří', 'jiri'],
      ['Žaneta', 'zaneta'],
      ['Łukasz', 'lukasz'],
    ],
    lastNames: [
      ['Dvořák', 'dvorak'],
      ['Šťastný', 'stastny'],
      ['Wójcik', 'wojcik'],
    ],
    companies: [
      ['Příliš žluťoučký kůň s.r.o.', 'zlutykun'],
      ['Śnieżka Sp. z o.o.', 'sniezka'],
    ],
    streets: ['Náměstí Míru', 'Dlouhá třída'],
    towns: [
      ['Plzeň', '', '301 00'],
      ['Łódź', '', '90-001'],
    ],
  },
  {
    country: 'Türkiye',
    weight: 4,
    dialling: '+90 212',
    firstNames: [
      ['İbrahim', 'ibrahim'],
      ['Çiğdem', 'cigdem'],
      ['Işıl', 'isil'],
    ],
    lastNames: [
      ['Yılmaz', 'yilmaz'],
      ['Öztürk', 'ozturk'],
      ['Şahin', 'sahin'],
    ],
    companies: [
      ['Işık Ticaret A.Ş.', 'isikticaret'],
      ['İnci Gıda', 'incigida'],
    ],
    streets: ['İstiklâl Caddesi', 'Çınar Sokağı'],
    towns: [
      ['İstanbul', '', '34000'],
      ['Eskişehir', '', '26000'],
    ],
  },
  {
    country: 'Россия',
    weight: 7,
    dialling: '+7 495',
    firstNames: [
      ['Ольга', 'olga'],
      ['Дмитрий', 'dmitry'],
      ['Фёдор', 'fyodor'],
      ['Наталья', 'natalya'],
    ],
    lastNames: [
      ['Иванова', 'ivanova'],
      ['Щербаков', 'shcherbakov'],
      ['Королёв', 'korolyov'],
      ['Йовович', 'yovovich'],
    ],
    companies: [
      ['ООО «Ромашка»', 'romashka'],
      ['Северный ветер', 'sever-veter'],
    ],
    streets: ['улица Льва Толстого', 'Невский проспект'],
    towns: [
      ['Москва', '', '119021'],
      ['Нижний Новгород', '', '603000'],
    ],
  },
  {
    country: 'Ελλάδα',
    weight: 4,
    dialling: '+30 21',
    firstNames: [
      ['Γιώργος', 'giorgos'],
      ['Ελένη', 'eleni'],
      ['ΝΙΚΟΣ', 'nikos'],
    ],
    lastNames: [
      ['Παπαδόπουλος', 'papadopoulos'],
      ['Οικονόμου', 'oikonomou'],
      ['Χατζής', 'chatzis'],
    ],
    companies: [
      ['Θάλασσα Α.Ε.', 'thalassa'],
      ['Αδελφοί Ράπτης', 'raptis'],
    ],
    streets: ['Οδός Ερμού', 'Λεωφόρος Συγγρού'],
    towns: [
      ['Αθήνα', '', '105 57'],
      ['Θεσσαλονίκη', '', '546 24'],
    ],
  },
  {
    country: 'السعودية',
    weight: 5,
    dialling: '+966 11',
    firstNames: [
      ['محمد', 'mohammed'],
      ['فاطمة', 'fatima'],
      ['عبد الرحمن', 'abdulrahman'],
    ],
    lastNames: [
      ['الغامدي', 'alghamdi'],
      ['القحطاني', 'alqahtani'],
      ['بن سعود', 'binsaud'],
    ],
    companies: [
      ['شركة النخيل', 'alnakheel'],
      ['مؤسسة الأفق', 'alofoq'],
    ],
    streets: ['شارع الملك فهد', 'طريق العليا'],
    towns: [
      ['الرياض', '', '11564'],
      ['جدة', '', '21442'],
    ],
  },
  {
    country: 'ישראל',
    weight: 4,
    dialling: '+972 3',
    firstNames: [
      ['נועה', 'noa'],
      ['יוסף', 'yosef'],
      ['שָׂרָה', 'sara'],
    ],
    lastNames: [
      ['כהן', 'cohen'],
      ['לוי', 'levi'],
      ['בן־דוד', 'bendavid'],
    ],
    companies: [
      ['גלים בע"מ', 'galim'],
      ['תפוח ירוק', 'tapuach'],
    ],
    streets: ['רחוב הרצל', 'שדרות רוטשילד'],
    towns: [
      ['תל אביב', '', '6688312'],
      ['חיפה', '', '3309000'],
    ],
  },
  {
    country: '中国',
    weight: 6,
    dialling: '+86 10',
    firstNames: [
      ['伟', 'wei'],
      ['秀英', 'xiuying'],
      ['晓明', 'xiaoming'],
    ],
    lastNames: [
      ['王', 'wang'],
      ['欧阳', 'ouyang'],
      ['𠮷', 'ji'],
    ],
    companies: [
      ['北京星空科技有限公司', 'xingkong'],
      ['龙腾国际', 'longteng'],
    ],
    streets: ['中关村大街', '人民路'],
    towns: [
      ['北京', '', '100080'],
      ['上海', '', '200001'],
    ],
  },
  {
    country: '日本',
    weight: 6,
    dialling: '+81 3',
    firstNames: [
      ['さくら', 'sakura'],
      ['健太', 'kenta'],
      ['ユウコ', 'yuko'],
    ],
    lastNames: [
      ['佐藤', 'sato'],
      ['髙橋', 'takahashi'],
      ['渡邉', 'watanabe'],
    ],
    companies: [
      ['株式会社ヤマト商店', 'yamatoshoten'],
      ['さくら工業(有)', 'sakurakogyo'],
    ],
    streets: ['丸の内一丁目', '千代田区神田'],
    towns: [
      ['東京', '東京都', '100-0005'],
      ['札幌', '北海道', '060-0001'],
    ],
  },
  {
    country: '대한민국',
    weight: 5,
    dialling: '+82 2',
    firstNames: [
      ['민준', 'minjun'],
      ['서연', 'seoyeon'],
      ['지우', 'jiwoo'],
    ],
    lastNames: [
      ['김', 'kim'],
      ['이', 'lee'],
      ['남궁', 'namgung'],
    ],
    companies: [
      ['한빛 주식회사', 'hanbit'],
      ['푸른바다', 'pureunbada'],
    ],
    streets: ['세종대로', '테헤란로'],
    towns: [
      ['서울', '', '04524'],
      ['부산', '', '48058'],
    ],
  },
  {
    country: 'भारत',
    weight: 5,
    dialling: '+91 11',
    firstNames: [
      ['प्रिया', 'priya'],
      ['अर्जुन', 'arjun'],
      ['कृष्ण', 'krishna'],
    ],
    lastNames: [
      ['शर्मा', 'sharma'],
      ['सिंह', 'singh'],
      ['श्रीवास्तव', 'srivastava'],
    ],
    companies: [
      ['ज्ञान प्राइवेट लिमिटेड', 'gyan'],
      ['सूर्य उद्योग', 'suryaudyog'],
    ],
    streets: ['महात्मा गांधी मार्ग', 'चाँदनी चौक'],
    towns: [
      ['नई दिल्ली', 'दिल्ली', '110001'],
      ['मुंबई', 'महाराष्ट्र', '400001'],
    ],
  },
  {
    country: 'Brasil',
    weight: 2,
    dialling: '+55 11',
    firstNames: [
      ['João 🚀', 'joao'],
      ['Conceição', 'conceicao'],
      ['Luísa 👩‍💻', 'luisa'],
    ],
    lastNames: [
      ['Gonçalves', 'goncalves'],
      ['Araújo', 'araujo'],
    ],
    companies: [
      ['Pão de Açúcar ☕️ Ltda.', 'paodeacucar'],
      ['🌴 Litoral', 'litoral'],
    ],
    streets: ['Avenida São João', 'Praça da Sé'],
    towns: [
      ['São Paulo', 'SP', '01310-100'],
      ['Florianópolis', 'SC', '88010-000'],
    ],
  },
]
