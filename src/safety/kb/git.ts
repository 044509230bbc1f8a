import type { ToolInput } from '../schema.ts';

const LOG = {
  switches:
    '-p -s -c -m -r -t -z -w -b -i -E -F -G -P -S -L -# -1 --oneline --graph --stat --all --decorate --name-only --name-status --no-merges --merges --reverse --follow --shortstat --numstat --summary --abbrev-commit --no-color --no-pager --patch --first-parent --cached --staged --exit-code --no-ext-diff --no-textconv --word-diff -u',
  values:
    '-n --author --since --until --grep --after --before --format --max-count --diff-filter -S -G -L --date',
  optional:
    '--pretty --format --decorate --color --abbrev --stat -U -M -C --date --author --since --until --grep --max-count --diff-filter',
} as const;

/** git. Reads may start pagers, filters and hooks that the repository's own configuration names, so they stay caution only where such a program is asked for. */
export const GIT: readonly ToolInput[] = [
  {
    name: 'git',
    about: 'Keeps versions of files.',
    risk: 'safe',
    says: 'prints its help',
    switches: '--no-pager -P --no-optional-locks --literal-pathspecs --bare --no-replace-objects',
    values: '-C',
    raises: [
      {
        flags: '-c --config-env',
        takes: 'value',
        risk: 'danger',
        says: 'sets configuration that can name programs',
        except:
          '^(color\\.\\w+|user\\.(name|email)|safe\\.directory|advice\\.\\w+|core\\.quotepath|log\\.\\w+)=[\\w@.*/-]*$',
      },
      { flags: '-p --paginate', risk: 'caution', says: 'starts the pager' },
      {
        flags: '--exec-path --git-dir --work-tree --namespace',
        takes: 'optional',
        risk: 'caution',
        says: 'works on another repository',
      },
    ],
    commands: {
      'log|show|diff|shortlog|whatchanged|range-diff': {
        risk: 'safe',
        says: 'shows history',
        ...LOG,
        raises: [
          { flags: '--output -o', takes: 'value', risk: 'caution', says: 'writes a file' },
          { flags: '--ext-diff --textconv', risk: 'danger', says: 'runs a program the configuration names' },
        ],
      },
      status: {
        risk: 'safe',
        says: 'shows what changed',
        switches: '-s -b -v -u --short --branch --long --ignored',
        optional: '--porcelain -u --untracked-files',
      },
      'rev-parse|rev-list|describe|ls-files|ls-tree|cat-file|blame|annotate|merge-base|name-rev|show-ref|for-each-ref|count-objects|cherry|diff-tree|diff-index|var|check-ignore|version':
        {
          risk: 'safe',
          says: 'shows the repository',
          ...LOG,
          otherOptions:
            '^--(short|abbrev-ref|tags|always|dirty|long|show-toplevel|verify|all|count|stage|others|exclude-standard|git-dir|is-inside-work-tree|format|sort|name-only)$|^-[a-z]$',
          raises: [
            { flags: '--textconv --filters', risk: 'danger', says: 'runs a program the configuration names' },
          ],
        },
      grep: {
        risk: 'safe',
        says: 'prints matching lines',
        switches: '-n -i -l -w -E -F -c -v -I -h -H -p -q -r',
        values: '-e -A -B -C',
        raises: [
          { flags: '-O --open-files-in-pager', takes: 'optional', risk: 'danger', says: 'runs a program' },
          { flags: '-f', takes: 'value', risk: 'caution', says: 'reads patterns from a file' },
        ],
      },
      branch: {
        risk: 'safe',
        says: 'lists branches',
        switches: '-a -r -v --all --list --remotes --show-current',
        values: '--contains --merged --no-merged --sort --format',
        operands: [{ at: 0, matches: '.', risk: 'caution', says: 'makes a branch' }],
        raises: [
          { flags: '-D -d --delete -M', risk: 'danger', says: 'deletes a branch' },
          {
            flags: '-f -m -c -u --force --move --edit-description',
            risk: 'caution',
            says: 'changes a branch',
          },
        ],
      },
      tag: {
        risk: 'caution',
        says: 'makes a tag',
        switches: '-l -n --list -a -s',
        values: '-m --sort --contains',
        dryRun: [{ flags: '-l --list -n' }],
        raises: [{ flags: '-d --delete -f --force', risk: 'danger', says: 'deletes or moves a tag' }],
      },
      remote: {
        risk: 'safe',
        says: 'lists remotes',
        switches: '-v --verbose',
        commands: {
          'show|get-url': { risk: 'safe', says: 'shows a remote' },
          'add|set-url|rename|update|set-head|set-branches': {
            operands: [{ at: 'any', matches: '^ext::', risk: 'danger', says: 'names a program to run' }],
            risk: 'caution',
            says: 'changes a remote',
          },
          'remove|rm|prune': { risk: 'danger', says: 'removes a remote' },
        },
      },
      stash: {
        risk: 'caution',
        says: 'puts changes aside',
        commands: {
          'list|show': { risk: 'safe', says: 'shows what was put aside', switches: '-p' },
          'push|save|apply|pop|branch|create|store': {
            risk: 'caution',
            says: 'moves changes',
            switches: '-u -k -m',
          },
          'drop|clear': { risk: 'danger', says: 'throws changes away' },
        },
      },
      config: {
        risk: 'caution',
        says: 'changes settings, which can name programs',
        switches: '-l --list --get --get-all --show-origin --global --local --system --get-regexp',
        dryRun: [{ flags: '-l --list --get --get-all --get-regexp' }],
        raises: [
          {
            flags: '-e --edit --unset --unset-all --remove-section --replace-all --add',
            risk: 'caution',
            says: 'changes settings',
          },
        ],
        operands: [
          {
            at: 0,
            matches:
              '(pager|editor|fsmonitor|sshcommand|hookspath|alias\\.|textconv|\\.cmd|helper|filter\\.|askpass|external)',
            risk: 'danger',
            says: 'names a program to run',
          },
        ],
      },
      'fetch|pull|clone|ls-remote': {
        risk: 'caution',
        says: 'fetches from another machine',
        switches:
          '-v -q -p -a -t --all --prune --tags --rebase --ff-only --no-rebase --recursive --bare --mirror --no-tags',
        values: '-b --branch --depth -o -j',
        raises: [
          {
            flags: '--upload-pack -u --upload-archive --receive-pack --template -c --config',
            takes: 'value',
            risk: 'danger',
            says: 'names a program to run',
          },
        ],
        operands: [{ at: 'any', matches: '^ext::|^-', risk: 'danger', says: 'names a program to run' }],
      },
      push: {
        risk: 'caution',
        says: 'publishes commits',
        switches: '-u -v -q --set-upstream --tags --all --follow-tags -n --dry-run --no-verify --porcelain',
        raises: [
          {
            flags: '-f --force --mirror --delete -d --prune',
            risk: 'danger',
            says: 'overwrites or deletes history of others',
          },
          { flags: '--force-with-lease', takes: 'optional', risk: 'danger', says: 'overwrites history' },
          { flags: '--receive-pack --exec', takes: 'value', risk: 'danger', says: 'names a program to run' },
        ],
        operands: [
          { at: 'any', matches: '^[+:]', risk: 'danger', says: 'overwrites or deletes history of others' },
        ],
        dryRun: [{ flags: '-n --dry-run' }],
      },
      'add|commit|merge|cherry-pick|revert|mv|init|switch|apply|am|notes|worktree|lfs|sparse-checkout': {
        risk: 'caution',
        says: 'changes the repository',
        switches: '-a -A -m -p -v -q -s -u -b -c -n --amend --no-edit --no-ff --abort --continue --staged',
        values: '-m --message',
        raises: [{ flags: '-e --edit', risk: 'caution', says: 'opens an editor' }],
      },
      restore: {
        risk: 'caution',
        says: 'puts files back',
        switches: '-S -W -q --staged --worktree',
        values: '-s --source',
        operands: [{ at: 'any', matches: '^(\\.|:/|\\*)$', risk: 'danger', says: 'throws changes away' }],
      },
      submodule: {
        risk: 'safe',
        says: 'shows parts',
        simple: {
          safe: 'status | summary',
          caution: 'init | update | sync | add | absorbgitdirs',
          danger: 'foreach | deinit',
        },
      },
      reflog: {
        risk: 'safe',
        says: 'shows past positions',
        simple: { safe: 'show | exists', danger: 'expire | delete' },
      },
      checkout: {
        risk: 'caution',
        says: 'changes files to another version',
        switches: '-b -B -q -t',
        raises: [{ flags: '-f --force', risk: 'danger', says: 'throws changes away' }],
        operands: [{ at: 'any', matches: '^\\.$', risk: 'danger', says: 'throws changes away' }],
      },
      reset: {
        risk: 'caution',
        says: 'moves the branch',
        switches: '--soft --mixed -q',
        raises: [{ flags: '--hard', risk: 'danger', says: 'throws changes away' }],
      },
      rebase: {
        risk: 'caution',
        says: 'rewrites commits',
        switches: '--abort --continue --skip -q',
        raises: [
          { flags: '-x --exec', takes: 'value', risk: 'danger', says: 'runs a command' },
          { flags: '-i --interactive', risk: 'caution', says: 'opens an editor' },
        ],
      },
      clean: {
        risk: 'danger',
        says: 'deletes files',
        switches: '-f -d -x -X -n -q --dry-run',
        dryRun: [{ flags: '-n --dry-run' }],
      },
      'rm|gc|prune|filter-branch|filter-repo|update-ref': {
        risk: 'danger',
        says: 'deletes files or history',
        style: 'none',
      },
      bisect: { simple: { safe: 'log | view', caution: 'start | good | bad | reset | skip', danger: 'run' } },
      'difftool|mergetool|instaweb|daemon|send-email': {
        risk: 'danger',
        says: 'runs another program',
        style: 'none',
      },
    },
    examples: {
      safe: [
        'git status',
        'git log --oneline -5',
        'git diff HEAD~1',
        'git branch -a',
        'git remote -v',
        'git show HEAD',
        'git config --get user.name',
        'git push --dry-run',
      ],
      caution: [
        'git pull',
        'git checkout main',
        'git commit -m "rm -rf /"',
        'git frob',
        'git push origin main',
      ],
      danger: [
        'git push --force',
        'git reset --hard',
        'git clean -fdx',
        'git -c core.pager=x log',
        'git grep -O./x a',
        'git rebase -x ./y',
        'git stash drop',
        'git push origin :main',
        'git push origin +main',
      ],
    },
  },
];
