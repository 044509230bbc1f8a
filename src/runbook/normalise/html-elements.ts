/** What the elements of a page are, by their names and attributes. Names are in lower case. */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Elements without content, which nothing closes. */
export const VOID = words('area base br col embed hr img input link meta param source track wbr');

/** Elements that stand on lines of their own; any other runs on in its line. */
export const BLOCK = words(`
address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header
hgroup html legend li listing main menu nav ol p plaintext pre section summary table tbody td tfoot th thead tr ul xmp
ac:structured-macro ac:macro ac:rich-text-body ac:plain-text-body ac:parameter ac:layout ac:layout-section ac:layout-cell ac:task-list ac:task ac:task-body
`);

/** Elements that show no text of the page. */
export const SILENT = words(`
applet audio button canvas colgroup datalist frameset head iframe map math nav noembed noframes noscript object option optgroup script select style svg
template textarea video ac:image ac:placeholder ac:task-id ac:task-status ri:attachment
`);

/** Elements that the opening of another one ends: HTML leaves their closing tags out. */
export const CLOSES: ReadonlyMap<
  string,
  { readonly ends: ReadonlySet<string>; readonly within: ReadonlySet<string> }
> = new Map(
  Object.entries({
    li: { ends: words('li'), within: words('ul ol menu dir') },
    dt: { ends: words('dt dd'), within: words('dl') },
    dd: { ends: words('dt dd'), within: words('dl') },
    tr: { ends: words('tr td th'), within: words('table') },
    td: { ends: words('td th'), within: words('table tr') },
    th: { ends: words('td th'), within: words('table tr') },
  }),
);

/** What an open paragraph stops a block element from ending: a `p` inside these is another one. */
export const PARAGRAPH_SCOPE = words('td th li div body article section blockquote table');

/** Inline elements whose text is code. `samp` is what a program prints. */
export const INLINE_CODE = words('code tt kbd');
export const PREFORMATTED = words('pre xmp listing plaintext ac:plain-text-body');

/** Attributes that are looked at. */
export const ATTRIBUTES = words(
  'class style hidden role id href start ac:name data-lang data-language data-syntaxhighlighter-params aria-level type',
);

const CHROME_ROLE = /^(?:navigation|search|banner|contentinfo|dialog|menu|menubar|toolbar|tablist|tooltip)$/;
/** Classes of parts that every page of a site or every block of code carries: contents, line numbers, permalinks, buttons. */
const CHROME_CLASS =
  /^(?:toc|toctree-wrapper|table-of-contents|sidebar|breadcrumbs?|headerlink|header-anchor|hash-link|anchor-link|anchorjs-link|permalink|heading-link|linenos?|linenodiv|line-numbers?(?:-rows)?|hljs-ln-n(?:umbers)?|blob-num|gutter|rouge-gutter|copybtn|copy-button|clipboard-copy|pagination|prev-next|mw-editsection|edit-page-link|sr-only|visually-hidden|screen-reader-text|skip-link)$/;
const MAIN =
  /^(?:main-content|mw-content-text|markdown-body|wiki-content|entry-content|theme-doc-markdown|md-content|page-body|post-content)$/;
const NOTICE =
  /^(?:admonition|callout|alert(?:-\w+)?|theme-admonition(?:-\w+)?|markdown-alert(?:-\w+)?|confluence-information-macro(?:-\w+)?|admonitionblock|warningbox|notecard|hint|warning|caution|danger|important|govuk-warning-text)$/;
const NOTICE_MACRO = /^(?:info|note|warning|tip)$/;
const SILENT_MACRO =
  /^(?:toc|toc-zone|children|pagetree|recently-updated|livesearch|contentbylabel|jira|anchor|attachments|gallery|page-info)$/;

export interface Attributes {
  readonly [name: string]: string | undefined;
}

const classes = (attributes: Attributes): string[] =>
  (attributes.class ?? '').split(/\s+/).filter(Boolean).slice(0, 40);

/** True for a part of the page that is not its text: navigation, contents, line numbers, permalinks. */
export function isChrome(name: string, attributes: Attributes): boolean {
  if (SILENT.has(name) || CHROME_ROLE.test(attributes.role ?? '')) return true;
  if (name === 'ac:structured-macro' || name === 'ac:macro')
    return SILENT_MACRO.test(attributes['ac:name'] ?? '');
  return (
    !/^(?:html|body|main|article)$/.test(name) && classes(attributes).some((each) => CHROME_CLASS.test(each))
  );
}

/** True for what holds the text of the page itself on a site. */
export function isMain(name: string, attributes: Attributes): boolean {
  if (name === 'main' || name === 'article' || attributes.role === 'main') return true;
  return MAIN.test(attributes.id ?? '') || classes(attributes).some((each) => MAIN.test(each));
}

/** True for a box that cautions or remarks. */
export function isNotice(name: string, attributes: Attributes): boolean {
  if (name === 'ac:structured-macro' || name === 'ac:macro')
    return NOTICE_MACRO.test(attributes['ac:name'] ?? '');
  return BLOCK.has(name) && classes(attributes).some((each) => NOTICE.test(each));
}

/** Languages that a class names by itself, as pandoc writes them. */
const LANGUAGES = words(
  'bash sh shell zsh console text yaml yml json sql python ruby ini toml xml hcl promql dockerfile diff log output powershell go javascript java perl php',
);
const PREFORMATTED_OR_CODE = /^(?:pre|code)$/;

/** The language that a class or an attribute names for code, or null. */
export function languageOf(name: string, attributes: Attributes): string | null {
  const named = attributes['data-lang'] ?? attributes['data-language'];
  if (named) return named.toLowerCase().slice(0, 40);
  const brush = /brush:\s*([\w+#-]{1,40})/.exec(
    attributes['data-syntaxhighlighter-params'] ?? attributes.class ?? '',
  );
  if (brush?.[1]) return brush[1].toLowerCase();
  const names = classes(attributes);
  const plain =
    names[
      names.findIndex((each) => /^(?:highlight|codehilite|prettyprint|hljs|sourceCode|brush:?)$/.test(each)) +
        1
    ];
  if (plain && names[0] !== plain && /^[a-z][\w+#]{0,20}$/.test(plain)) return plain;
  const bare = names.find((each) => LANGUAGES.has(each.toLowerCase()));
  if (bare !== undefined && PREFORMATTED_OR_CODE.test(name)) return bare.toLowerCase();
  for (const each of names) {
    const found = /^(?:language|lang|highlight(?:-source)?|sourceCode)-([\w+#-]{1,40})$/i.exec(each);
    if (found?.[1]) return found[1].toLowerCase();
  }
  return null;
}

const styleOf = (attributes: Attributes): string =>
  (attributes.style ?? '').toLowerCase().replace(/\s+/g, '').replaceAll('!important', '');

/** True when the style sets text in a font whose characters are all of one width. */
export function isMonospaced(attributes: Attributes): boolean {
  return /font-family:[^;]*(?:mono|courier|consolas|menlo|monaco|lucidaconsole|sourcecodepro)/.test(
    styleOf(attributes),
  );
}

/** The background a style sets, or null. */
export function backgroundOf(attributes: Attributes): string | null {
  return colour(/(?:^|;)background(?:-color)?:([^;]+)/.exec(styleOf(attributes))?.[1]);
}

function colour(text: string | undefined): string | null {
  if (text === undefined) return null;
  const hex = /#([0-9a-f]{3,8})/.exec(text)?.[1];
  if (hex) return hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex.slice(0, 6);
  if (/white/.test(text) || /rgba?\(255,255,255(?:,1)?\)/.test(text)) return 'ffffff';
  return text.slice(0, 60);
}

/** Parts that a reader opens with a click. */
const PANE =
  /^(?:tab-?(?:pane|panel|content)|sphinx-tabs-panel|expand-(?:content|hidden)|collapse|accordion-(?:body|collapse|content)|panel-collapse)$/;

/** True when declarations, without blanks and in lower case, keep an element from readers whatever they do. */
function conceals(style: string): boolean {
  return (
    /visibility:(?:hidden|collapse)/.test(style) ||
    /font-size:0*(?:\.0*)?(?:px|pt|r?em|%)?(?:;|$)/.test(style) ||
    /(?:text-indent|left|top|right|margin-left):-\d{3,}/.test(style) ||
    /clip:rect\((?:0|1)|clip-path:inset\((?:50|100)%/.test(style) ||
    /(?:^|;)(?:max-)?(?:width|height):0(?:px)?;?.*overflow:hidden/.test(style)
  );
}

/** True when the text has no colour, or that of its ground. */
function isColourless(style: string, background: string): boolean {
  const own = colour(/(?:^|;)color:([^;]+)/.exec(style)?.[1]);
  return own !== null && (own === 'transparent' || own === background);
}

/** True when declarations do not show an element until a script does. */
const closes = (style: string): boolean => /display:none|(?:^|;)opacity:0*(?:\.0*)?(?:;|$)/.test(style);

/**
 * True when the page keeps the element from its readers by attribute, style or a rule of its own: not displayed,
 * transparent, off the page, in the colour of its ground. A closed tab or expander is not kept from them.
 */
export function isHidden(
  name: string,
  attributes: Attributes,
  background: string,
  hiding: ReadonlySet<string>,
): boolean {
  const style = styleOf(attributes);
  if (conceals(style) || isColourless(style, background)) return true;
  if (attributes.role === 'tabpanel' || classes(attributes).some((each) => PANE.test(each))) return false;
  return attributes.hidden !== undefined || closes(style) || isRuledOut(name, attributes, hiding);
}

function isRuledOut(name: string, attributes: Attributes, hiding: ReadonlySet<string>): boolean {
  if (hiding.size === 0) return false;
  const marks = classes(attributes).map((each) => `.${each}`);
  if (attributes.id) marks.push(`#${attributes.id}`);
  return marks.some((mark) => hiding.has(mark) || hiding.has(name + mark));
}

/** The plain selectors (`.name`, `#name`, `p.name`) that the page's own style sheets hide; rules for print or widths do not count. */
export function hidingSelectors(source: string): ReadonlySet<string> {
  const hiding = new Set<string>();
  const lower = source.toLowerCase();
  for (let at = lower.indexOf('<style'); at >= 0; at = lower.indexOf('<style', at)) {
    const end = lower.indexOf('</style', at);
    if (end < 0) break;
    for (const selector of hidingRules(source.slice(source.indexOf('>', at) + 1, end))) hiding.add(selector);
    at = end;
  }
  return hiding;
}

function hidingRules(css: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let selectors = '';
  const pieces = css.replace(/\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//g, '').split(/([{}])/);
  for (let at = 0; at + 1 < pieces.length; at += 2) {
    const text = pieces[at] ?? '';
    if (pieces[at + 1] === '{') {
      if (depth === 0) selectors = text;
      depth += 1;
    } else {
      depth = Math.max(0, depth - 1);
      const style = styleOf({ style: text.slice(0, 2000) });
      if (depth === 0 && (closes(style) || conceals(style)))
        found.push(...selectors.split(',').map((each) => each.trim()));
    }
  }
  return found.filter((selector) => /^[a-zA-Z][\w-]{0,20}?[.#][\w-]{1,80}$|^[.#][\w-]{1,80}$/.test(selector));
}
