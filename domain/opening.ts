/**
 * Programs that open links for people, or instead of them: mail scanners, previews of chats, robots. What they call
 * themselves; those that pretend to be browsers are told by their haste.
 */
const SCANNERS: [RegExp, string][] = [
  [/mimecast/i, 'Mimecast'],
  [/proofpoint|urldefense/i, 'Proofpoint'],
  [/barracuda/i, 'Barracuda'],
  [/safelinks|microsoft office|msoffice|ms-office|skypeuripreview|microsoft outlook/i, 'Microsoft'],
  [/googleimageproxy|google-safety|googlebot|apis-google|google-read-aloud/i, 'Google'],
  [/slackbot|slack-imgproxy/i, 'Slack'],
  [/facebookexternalhit|whatsapp|telegrambot|twitterbot|linkedinbot|discordbot/i, 'preview'],
  [
    /symantec|messagelabs|trendmicro|fortinet|sophos|cisco|ironport|checkpoint|zscaler|forcepoint|avast|kaspersky/i,
    'scanner',
  ],
  [/headlesschrome|phantomjs|puppeteer|playwright/i, 'headless'],
  [/bot\b|crawler|spider|scanner|preview|monitor/i, 'robot'],
  [/^(curl|wget|python|java|go-http|okhttp|axios|node|libwww|php|ruby|apache-httpclient)/i, 'program'],
];
const BROWSERS: [RegExp, string][] = [
  [/Edg(e|A|iOS)?\//, 'Edge'],
  [/OPR\/|Opera/, 'Opera'],
  [/SamsungBrowser\//, 'Samsung'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|CriOS\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];

export interface Opener {
  scanner: boolean;
  /** A browser's or a scanner's name; null where nothing is known of it. */
  name: string | null;
}

const nameIn = (names: [RegExp, string][], agent: string): string | undefined =>
  names.find(([sign]) => sign.test(agent))?.[1];

/** Who opened a link, by what the program calls itself (its User-Agent). Nobody who calls themselves nothing is a person. */
export function openerOf(agent: string | undefined): Opener {
  if (!agent?.trim()) return { scanner: true, name: null };
  const scanner = nameIn(SCANNERS, agent);
  return scanner ? { scanner: true, name: scanner } : { scanner: false, name: nameIn(BROWSERS, agent) ?? null };
}

/** People don't open a link twice within so many milliseconds. */
export const HASTE_MS = 1000;
