/** Longer texts are cut before they are read: a title has a name and a place, not a novel. */
const MAX_READ = 1_000;

const list = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/));

/** English, what people do to things, and how a page says that it is one. These say nothing of what a text is about. */
const EMPTY = list(
  `a about after again all an and any are as at be been before but by can for from had has have how if in individual into
  is it its more no not of off on once only or other our out over so some than that the their then there these they this
  to too under up use used using was we were what when where which while who why will with without you your
  alert alerts alarm alerting firing fired triggered resolved acknowledged incident incidents page pager
  fix fixing repair recover recovering recovery restore restart restarting reset rollback rotate rotation resize resizing
  delete deleting remove removing add create check checking verify testing troubleshoot troubleshooting diagnose
  debug debugging investigate handle handling run running runbook runbooks playbook procedure procedures guide manual
  steps step complete`,
);

/** Words that many pages share: they confirm a match that a name has made, and never make one. */
const COMMON = list(
  `above below between exceeded exceeding exceeds greater less threshold percent value values average avg max min rate
  ratio count total number numbers times time timeout minute hour day last next new old first second
  critical crit warning warn info severe severity major minor high low higher lower highest lowest urgent urgency
  priority emergency error errors err fail fails failed failing failure failures fault faults issue issues problem
  problems trouble down unavailable unhealthy healthy health degraded degradation slow latency broken bad wrong missing
  lost outage crash crashed crashing stopped stuck unable unknown unexpected detected report reported reports
  maintenance work works ready state status full filling test tests
  service services svc server servers host hosts hostname node nodes machine machines instance instances app apps
  application applications api apis system systems cluster clusters process processes job jobs task tasks component
  container containers kube kubernetes k8s cloud aws gcp azure region zone prod production stage staging dev
  development live env environment user users client clients customer data file files log logs metric metrics name
  type group request requests response responses usage memory cpu disk space network`,
);

/** Product names in CamelCase: neither taken apart nor taken for the name of an alert. */
const PRODUCTS = list(
  `postgresql mysql mariadb mongodb rabbitmq elasticsearch opensearch clickhouse cockroachdb dynamodb influxdb scylladb
  victoriametrics cloudwatch cloudfront cloudflare pagerduty datadog github gitlab bitbucket javascript typescript nodejs
  graphql bigquery openshift openstack statefulset daemonset replicaset configmap loadbalancer whatsapp youtube linkedin`,
);

/** Words of the form `KubePodNotReady` come apart; runs of capitals stay whole: `PVCResize` is `PVC Resize`. */
const HUMPS = /[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+/g;

/** The words of a text as they are written, in order, CamelCase taken apart. */
function wordsOf(text: string): string[] {
  const runs = text.slice(0, MAX_READ).match(/[\p{L}\p{N}]+/gu) ?? [];
  return runs.flatMap((run) =>
    /^[A-Za-z\d]+$/.test(run) && !PRODUCTS.has(run.toLowerCase()) ? (run.match(HUMPS) ?? []) : [run],
  );
}

/** One form for a word however it is written: lower case, without the s of a plural. */
function plainForm(word: string): string {
  const lower = word.toLowerCase();
  const known = lower === 'postgres' ? 'postgresql' : lower;
  return known.length > 3 && /[^su]s$/.test(known) ? known.slice(0, -1) : known;
}

const MIN_LETTERS = 2;
const MIN_DIGITS = 3; // 403 says something, 5 and 42 do not

/** The words that say what a text is about, by their plain form, each as it is written. In order. */
export function contentWords(text: string): ReadonlyMap<string, string> {
  const content = wordsOf(text).filter((word) =>
    /^\d+$/.test(word)
      ? word.length >= MIN_DIGITS
      : word.length >= MIN_LETTERS && !EMPTY.has(word.toLowerCase()),
  );
  return new Map(content.map((word) => [plainForm(word), word]));
}

/** True for a content word that names something, in either form. `high`, `error` and `service` do not. */
export const isNaming = (plain: string): boolean => !COMMON.has(plain) && !COMMON.has(`${plain}s`);

/** The text as one string of letters and digits: `Kube Pod Not Ready` and `KubePodNotReady` are the same. */
export const squash = (text: string): string =>
  text
    .slice(0, MAX_READ)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '');

/** Two humps or more, the way alert rules are named; not a part of a path, a domain or a longer name. */
const ALERT_NAME = /(?<![\w./-])[A-Z][A-Za-z0-9]*[a-z0-9][A-Z][A-Za-z0-9]*(?![\w/-])/g;
const MIN_ALERT_NAME = 8;

/** The name of an alert rule in a page's title, such as `KubePodNotReady`, or null. Of several the longest. */
export function alertNameOf(title: string): string | null {
  const names = (title.slice(0, MAX_READ).match(ALERT_NAME) ?? []).filter(
    (name) => name.length >= MIN_ALERT_NAME && !PRODUCTS.has(name.toLowerCase()),
  );
  return names.sort((a, b) => b.length - a.length)[0] ?? null;
}

/** What makes two pages the same alert: the rule's name, else the title without what changes from one to the next. */
export function alertKey(title: string): string {
  const name = alertNameOf(title);
  if (name) return name.toLowerCase();
  return title
    .slice(0, MAX_READ)
    .split(/\s+/)
    .filter((word) => !/\d/.test(word))
    .map(squash)
    .filter(Boolean)
    .join(' ');
}
