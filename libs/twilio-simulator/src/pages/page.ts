/** Where a page can be left to. */
export interface PageLink {
  href: string;
  text: string;
}

export interface PageContent {
  /** Text, for the window and as the name of the page among the links. */
  title: string;
  links: readonly PageLink[];
  /** The address of this page, to mark it among the links. */
  here: string;
  /** The address of the page's ES module. */
  script: string;
  /** Addresses of stylesheets beside the one that all pages share. */
  styles?: readonly string[];
  /** What the page holds, as HTML. */
  main: string;
}

/** Allows a page what this server serves, and nothing else: no other origin, nothing inline, no frame. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** A whole page: the frame that all pages share, with the content of this one. */
export function renderPage({ title, links, here, script, styles = [], main }: PageContent): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · Phone verification</title>
<link rel="icon" href="/pages/icon.svg" type="image/svg+xml">
${['/pages/pages.css', ...styles].map((href) => `<link rel="stylesheet" href="${escapeHtml(href)}">`).join('\n')}
<script type="module" src="${escapeHtml(script)}"></script>
</head>
<body>
<svg hidden aria-hidden="true">${ICON_SYMBOLS}</svg>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<span class="brand">${icon('message')}Phone verification</span>
<nav aria-label="Pages">${links.map((link) => renderLink(link, here)).join('')}</nav>
<span class="chip wait">${icon('info')}<span>Demo<span class="wide">: nothing is really sent</span></span></span>
</header>
<main id="main" tabindex="-1">
${main}
</main>
</body>
</html>
`;
}

function renderLink({ href, text }: PageLink, here: string): string {
  const current = href === here ? ' aria-current="page"' : '';
  return `<a href="${escapeHtml(href)}"${current}>${escapeHtml(text)}</a>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** Paths in a box of 24 by 24; the stylesheet draws them as lines. */
const ICONS = {
  bad: '<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5M12 16.2v.1"/>',
  info: '<circle cx="12" cy="12" r="9"/><path d="M12 11v5.2M12 7.8v.1"/>',
  message: '<path d="M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2Z"/>',
  ok: '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
  wait: '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3 2"/>',
} as const;
export type IconName = keyof typeof ICONS;

/** A decoration: the word beside it says the same. */
export function icon(name: IconName): string {
  return `<svg class="icon" aria-hidden="true"><use href="#icon-${name}"/></svg>`;
}

/** Drawn once, so that scripts can refer to them too. */
const ICON_SYMBOLS = Object.entries(ICONS)
  .map(([name, paths]) => `<symbol id="icon-${name}" viewBox="0 0 24 24">${paths}</symbol>`)
  .join('');
