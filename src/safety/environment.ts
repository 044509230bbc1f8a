import type { Arg, Assignment, Finding } from './model.ts';
import type { Span } from './verdict.ts';

/** Names that only choose a place, a form or an account; setting one in front of a command changes no program. */
const ORDINARY =
  /^(LC_[A-Z]+|LANG|LANGUAGE|TZ|TERM|COLUMNS|LINES|NO_COLOR|CLICOLOR|FORCE_COLOR|CI|DEBIAN_FRONTEND|AWS_(PROFILE|REGION|DEFAULT_REGION|DEFAULT_OUTPUT)|GOOGLE_CLOUD_PROJECT|CLOUDSDK_CORE_PROJECT|PG(HOST|PORT|USER|DATABASE|PASSWORD|CONNECT_TIMEOUT|SSLMODE|OPTIONS|TZ)|MYSQL_PWD|REDISCLI_AUTH|ETCDCTL_(API|ENDPOINTS|CACERT|CERT|KEY)|VAULT_(ADDR|NAMESPACE|TOKEN)|CONSUL_HTTP_(ADDR|TOKEN)|NOMAD_ADDR|OS_[A-Z_]+|DOCKER_CLI_HINTS|[A-Z]+_LOG(_LEVEL)?|LOG_LEVEL|LOGLEVEL|RUST_LOG|DEBUG|VERBOSE|SYSTEMD_COLORS|PGAPPNAME|BORG_(REPO|PASSPHRASE)|RESTIC_(REPOSITORY|PASSWORD|PASSWORD_FILE)|DOCKER_CONTEXT|BUILDKIT_PROGRESS|COMPOSE_PROJECT_NAME|ARGOCD_SERVER|S_TIME_FORMAT|NAMESPACE|NS|POD|HOST|NODE|CLUSTER|REGION)$/;

/** Names that make some program load or run code of the setter's choice. */
const RUNS_CODE =
  /^(PATH|LD_[A-Z_]+|DYLD_[A-Z_]+|BASH_ENV|ENV|IFS|PROMPT_COMMAND|PS[0-4]|SHELLOPTS|BASHOPTS|BASH_FUNC_.*|CDPATH|GLOBIGNORE|GIT_[A-Z_]+|[A-Z_]*PAGER|[A-Z_]*EDITOR|VISUAL|BROWSER|[A-Z_]*ASKPASS|[A-Z_]+_(COMMAND|RSH)|BORG_(PASSCOMMAND|REMOTE_PATH)|CLOUDSDK_PYTHON(_ARGS)?|AZURE_EXTENSION_DIR|RSYNC_CONNECT_PROG|PYTHON[A-Z]+|PERL5?[A-Z_]*|RUBY[A-Z]+|GEM_[A-Z]+|NODE_[A-Z_]+|NPM_CONFIG_[A-Z_]+|npm_config_\w+|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|LESS(OPEN|CLOSE|KEY)?|LESS|MANOPT|GCONV_PATH|GLIBC_TUNABLES|OPENSSL_(CONF|ENGINES|MODULES)|RSYNC_RSH|TAR_OPTIONS|TAPE|CURL_HOME|WGETRC|SSH_[A-Z_]+|SHELL|TERMINFO|TERMCAP|KUBE_EDITOR|KUBECTL_EXTERNAL_DIFF|PSQL_[A-Z]+|PGSERVICEFILE|PGSYSCONFDIR|HIST[A-Z]+|FPATH|XDG_[A-Z_]+|HOME|TMPDIR|ANSIBLE_[A-Z_]+|TF_CLI_\w+|HELM_[A-Z_]+|DOCKER_HOST|KUBECONFIG|AWS_(CONFIG_FILE|SHARED_CREDENTIALS_FILE)|MAKEFLAGS|GREP_OPTIONS|FZF_[A-Z_]+|PARALLEL(_[A-Z_]+)?|BAT_[A-Z_]+|SYSTEMD_(?!COLORS)[A-Z_]+)$/;

/** Names that say of themselves that their value is a program, or a place of programs. */
const NAMES_PROGRAM =
  /_(PROG|PROGRAM|EXEC|EXECUTABLE|HELPER|BINARY|INTERPRETER|HOOKS?|PLUGINS?|(HOOKS?|PLUGINS?|EXTENSIONS?|MODULES?)_(DIR|PATH))$/;

/** Of all these, the ones that runbooks set to say which configuration to read; they may name a program but seldom do. */
const CONFIGURATION =
  /^(HOME|TMPDIR|XDG_[A-Z_]+|DOCKER_HOST|KUBECONFIG|AWS_(?!PAGER$)[A-Z_]+|SSH_AUTH_SOCK|NODE_ENV|HELM_(?!PLUGINS$)[A-Z_]+|SYSTEMD_(?!PAGER$|EDITOR$)[A-Z_]+|LESS|SHELL|PYTHONUNBUFFERED|PYTHONDONTWRITEBYTECODE|PYTHONIOENCODING|GIT_TERMINAL_PROMPT|ANSIBLE_HOST_KEY_CHECKING)$/;
/** The directories of the system's own programs. */
const USUAL_PATH = /^(\/usr(\/local)?)?\/s?bin(:(\/usr(\/local)?)?\/s?bin)*$/;
/** Where only the user or the machine keeps them. */
const USUAL_KUBECONFIG =
  /^((~|\/root|\/home\/[\w-]+)\/\.kube\/[\w.-]+|\/etc\/(kubernetes|rancher\/k3s)\/[\w.-]+)$/;
/** Settings of one session of PostgreSQL that load nothing and change no data. */
const USUAL_PGOPTIONS =
  /^(\s*(-c\s*|--)((statement|lock|idle_in_transaction_session)[_-]timeout|default[_-]transaction[_-]read[_-]only|search[_-]path|application[_-]name|client[_-]min[_-]messages|work[_-]mem|timezone)=[\w.,/-]*)+\s*$/i;
const NO_PROGRAM = /^(cat|less|more|)$/;

/**
 * Judges one NAME=value. In front of a command (`before`) the name must be a known ordinary one; alone it only matters
 * when it steers what later programs load. Returns null when nothing is to be said.
 */
export function judgeAssignment(
  name: string,
  value: string | null,
  span: Span,
  before: boolean,
): Finding | null {
  if (RUNS_CODE.test(name) || (before && NAMES_PROGRAM.test(name))) {
    if (name === 'PATH' && value !== null && USUAL_PATH.test(value)) return null;
    if (/PAGER$/.test(name) && value !== null && NO_PROGRAM.test(value)) return null;
    if (name === 'KUBECONFIG' && value !== null && USUAL_KUBECONFIG.test(value)) return null;
    if (CONFIGURATION.test(name))
      return {
        rule: 'environment.configuration',
        risk: 'caution',
        sentence: `${name} chooses which configuration a program obeys.`,
        span,
      };
    return {
      rule: 'environment.runs-code',
      risk: 'danger',
      sentence: `${name} decides which code or program is run.`,
      span,
    };
  }
  const isUsual =
    ORDINARY.test(name) && (name !== 'PGOPTIONS' || (value !== null && USUAL_PGOPTIONS.test(value)));
  if (before && !isUsual)
    return {
      rule: 'environment.unknown',
      risk: 'caution',
      sentence: `What ${name} does to this command is not known.`,
      span,
    };
  return null;
}

/** The same for the assignments of one command; its name is null when they stand alone. */
export function judgeAssignments(assignments: readonly Assignment[], name: Arg | null): readonly Finding[] {
  const reads = /^(read|mapfile|readarray)$/.test(name?.text ?? '');
  return assignments.flatMap((item) =>
    // How one line is split into words is all that IFS decides there.
    reads && item.name === 'IFS'
      ? []
      : (judgeAssignment(item.name, item.value?.text ?? null, item.span, name !== null) ?? []),
  );
}
