import type { ToolInput } from '../schema.ts';

/** Filters: they read text and print text, unless an option or a program says otherwise. */
export const TEXT: readonly ToolInput[] = [
  {
    name: 'grep egrep fgrep zgrep',
    about: 'Prints lines that match.',
    risk: 'safe',
    says: 'prints matching lines',
    readOnlyOptions: true,
    switches:
      '-a -b -c -E -F -G -h -H -i -I -l -L -n -o -P -q -r -R -s -T -U -v -w -x -y -z -Z -# --count --extended-regexp --fixed-strings --ignore-case --invert-match --line-number --only-matching --quiet --recursive --word-regexp --files-with-matches --no-filename --with-filename --text --perl-regexp --line-buffered --no-messages --null',
    values:
      '-A -B -C -D -d -e -f -m --after-context --before-context --context --max-count --regexp --file --include --exclude --exclude-dir --label --binary-files',
    optional: '--color --colour',
    examples: {
      safe: [
        'grep -i error /var/log/syslog',
        "grep -E 'rm -rf|DROP' x",
        'grep -rn foo .',
        'grep -A5 -B2 x f',
        'grep -v "^#" f',
      ],
    },
  },
  {
    name: 'rg ag ack',
    about: 'Print lines that match.',
    risk: 'safe',
    says: 'prints matching lines',
    switches:
      '-i -n -l -c -v -w -o -S -s -F -u -uu -H -I -N -z -U -p --hidden --no-ignore --files --count --json',
    values: '-g -t -T -A -B -C -e -m --glob --type --max-count',
    raises: [
      { flags: '--pre --hostname-bin --pager', takes: 'value', risk: 'danger', says: 'runs a program' },
    ],
    examples: { safe: ['rg -n foo'], danger: ['rg --pre ./x foo'] },
  },
  {
    name: 'sort',
    about: 'Sorts lines.',
    risk: 'safe',
    says: 'sorts lines',
    switches:
      '-b -c -C -d -f -g -h -i -M -m -n -r -R -s -u -V -z --numeric-sort --reverse --unique --human-numeric-sort --version-sort --ignore-case',
    values: '-k -t -S --key --field-separator --buffer-size --parallel --batch-size',
    optional: '--sort --check',
    raises: [
      { flags: '-o --output', takes: 'value', risk: 'caution', says: 'writes a file' },
      {
        flags: '-T --temporary-directory',
        takes: 'value',
        risk: 'caution',
        says: 'writes temporary files elsewhere',
      },
      { flags: '--compress-program', takes: 'value', risk: 'danger', says: 'runs a program' },
      { flags: '--files0-from', takes: 'value', risk: 'caution', says: 'reads a list of files' },
    ],
    examples: {
      safe: ['sort -rn f', 'sort -k2,2n -t: f', 'sort -u'],
      caution: ['sort -o out f', 'sort --frob'],
      danger: ['sort --compress-program=x f', 'sort --comp=x f'],
    },
  },
  {
    name: 'uniq',
    about: 'Drops repeated lines.',
    risk: 'safe',
    says: 'drops repeated lines',
    readOnlyOptions: true,
    switches: '-c -d -D -i -u -z --count --repeated --unique',
    values: '-f -s -w',
    most: { operands: 1, risk: 'caution', says: 'writes its second file' },
    examples: { safe: ['uniq -c', 'uniq f'], caution: ['uniq a b'] },
  },
  {
    name: 'cut tr column fold fmt expand unexpand paste join tsort strings seq numfmt colrm look od hexdump base64 base32 uuidgen',
    about: 'Filters for text and bytes.',
    risk: 'safe',
    says: 'filters text',
    switches:
      '-a -b -c -C -d -D -e -g -i -k -l -n -o -p -r -s -t -u -v -w -x -z -A -E -f -q -N -O -h -y -# --complement --decode --table --delete --squeeze-repeats --only-delimited',
    values: '--output-delimiter --delimiter --fields --separator --from --to --wrap',
    readOnlyOptions: true,
    otherOptions: '^-[^-]$',
    examples: {
      safe: [
        'cut -d: -f1 /etc/passwd',
        "tr -d 'a-z'",
        'column -t',
        'base64 -d',
        'seq 1 10',
        'strings -n 8 f',
      ],
    },
  },
  {
    name: 'shuf iconv xxd',
    about: 'Filters that can also write a file.',
    risk: 'safe',
    says: 'filters text',
    switches: '-e -r -z -p -u -b -E -i -l --list -c --repeat',
    values: '-n -f -t -s -g --head-count --from-code --to-code',
    raises: [
      { flags: '-o --output --random-source', takes: 'value', risk: 'caution', says: 'writes a file' },
    ],
    most: { operands: 1, risk: 'caution', says: 'may write its second file' },
    examples: {
      safe: ['shuf -n 5 f', 'iconv -f latin1 -t utf-8 f', 'xxd f'],
      caution: ['shuf -o out f', 'xxd -r a b', 'iconv -o out f'],
    },
  },
  {
    name: 'sed gsed',
    writes: 'any',
    writesWith: '-i --in-place',
    about: 'Edits text line by line.',
    risk: 'safe',
    says: 'edits what it prints',
    switches: '-n -E -r -s -u -z --quiet --silent --regexp-extended --posix --sandbox --debug',
    values: '-e --expression -l',
    raises: [
      { flags: '-i --in-place', takes: 'optional', risk: 'caution', says: 'changes files in place' },
      { flags: '-f --file', takes: 'value', risk: 'danger', says: 'runs a script nobody here has seen' },
    ],
    programs: [{ language: 'sed', flags: '-e --expression', operand: 0 }],
    examples: {
      safe: [
        "sed -n '1,20p' f",
        "sed 's/a/b/g' f",
        "sed -e 's/a/b/' -e '/x/d' f",
        "sed -n '/start/,/end/p' f",
        "sed 's|/etc|/opt|'",
      ],
      caution: ["sed -i 's/a/b/' f", "sed 'w out' f", "sed -ni 's/a/b/p' f"],
      danger: ["sed -i 's/x/y/' /etc/passwd", "sed '1e id' f", "sed 's/a/b/e' f", 'sed -f x f', 'sed "$X" f'],
    },
  },
  {
    name: 'awk gawk mawk nawk',
    about: 'Runs a small program for every line.',
    risk: 'safe',
    says: 'prints what its program says',
    switches: '-P -c -h -N -S --posix --re-interval',
    values: '-F -v --field-separator --assign',
    raises: [
      {
        flags: '-f --file -i --include -E --exec -l --load',
        takes: 'value',
        risk: 'danger',
        says: 'runs a program nobody here has seen',
      },
      {
        flags: '-o -d -p -D --pretty-print --dump-variables --profile',
        takes: 'optional',
        risk: 'caution',
        says: 'writes a file',
      },
    ],
    programs: [{ language: 'awk', flags: '-e --source', operand: 0 }],
    examples: {
      safe: [
        "awk '{print $1}' f",
        "awk -F: '$3 > 100 {print $1}' /etc/passwd",
        "awk '/system/ {n++} END {print n}' f",
        "awk '/a|b/' f",
      ],
      caution: ['awk \'{print > "out"}\' f'],
      danger: ['awk \'BEGIN{system("id")}\'', 'awk \'{print | "sh"}\' f', 'awk -f x f', 'awk "$P" f'],
    },
  },
  {
    name: 'jq yq gojq xq',
    about: 'Reads JSON or YAML.',
    risk: 'safe',
    says: 'prints parts of JSON or YAML',
    readOnlyOptions: true,
    switches:
      '-c -r -R -n -s -e -S -C -M -a -j -P -N -y -Y --compact-output --raw-output --raw-input --null-input --slurp --exit-status --sort-keys --tab --seq --stream --join-output',
    values: '--indent -o -p --output-format --input-format',
    raises: [
      { flags: '-i --inplace --in-place', risk: 'caution', says: 'changes files in place' },
      { flags: '--arg --argjson --slurpfile --rawfile', takes: 'value', risk: 'safe', says: 'sets a value' },
      {
        flags: '-f --from-file -L',
        takes: 'value',
        risk: 'caution',
        says: 'runs a filter nobody here has seen',
      },
      { flags: '--args --jsonargs', risk: 'safe', says: 'takes more values' },
    ],
    commands: {
      'eval|e|eval-all|ea': { risk: 'safe', says: 'prints parts of YAML' },
      'delete|d|write|w|prefix|merge|m|new|n': { risk: 'caution', says: 'may change files' },
    },
    patterns: [
      {
        match: '',
        risk: 'safe',
        says: 'prints parts of JSON or YAML',
        operands: [
          {
            at: 'any',
            matches: '\\bload|\\bsystem|\\bsplitDoc',
            risk: 'caution',
            says: 'may load other files',
          },
        ],
      },
    ],
    examples: {
      safe: ["jq -r '.items[].metadata.name'", 'jq . f', 'jq --arg a b .x f', "yq '.a' f"],
      caution: ["yq -i '.a = 1' f", 'jq -f x'],
    },
  },
  {
    name: 'visudo vipw vigr',
    about: 'Edit files that give rights.',
    risk: 'danger',
    says: 'edits a file that gives rights',
    style: 'none',
    traits: ['interactive'],
    examples: { danger: ['visudo'] },
  },
  {
    name: 'vim vi nano emacs ed ex pico view joe',
    about: 'Editors.',
    risk: 'caution',
    says: 'opens an editor, which changes files',
    switches: '-R -n -b',
    raises: [
      { flags: '-c -S -s --cmd -u', takes: 'value', risk: 'danger', says: 'runs commands of the editor' },
    ],
    operands: [
      { at: 'any', matches: '^\\+[^0-9]', risk: 'danger', says: 'runs a command of the editor at start' },
      {
        at: 'any',
        matches: '/etc/(sudoers|passwd|shadow|cron|pam)',
        risk: 'danger',
        says: 'opens a file that gives rights',
      },
    ],
    traits: ['interactive'],
    examples: { caution: ['vim /etc/default/x'], danger: ["vim -c ':!id' x"] },
  },
];
