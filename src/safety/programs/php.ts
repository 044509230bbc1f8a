import { type Language, type Token, words } from './script.ts';

/** PHP that only computes and prints. */
export const PHP: Language = {
  name: 'php',
  tokens: [
    [null, /\s+/y],
    [null, /#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\//y],
    ['string', /"(?:[^"\\]|\\[^xu0-7])*"|'(?:[^'\\]|\\[\s\S])*'/y],
    ['variable', /\$[A-Za-z_]\w*/y],
    ['number', /0x[\da-f]+|\d[\d_]*\.?\d*(?:e[+-]?\d+)?/iy],
    ['name', /[A-Za-z_]\w*/y],
    ['symbol', /===|!==|==|!=|<=|>=|=>|&&|\|\||\?\?|\+\+|--|[-+*/%.=<>!?:,;()[\]{}|&^~]/y],
  ],
  words:
    words(`echo print print_r var_dump var_export printf sprintf number_format if else elseif for foreach while as true false null
    and or not array list count strlen str_repeat strtoupper strtolower trim implode explode substr strpos str_replace date time
    mktime strtotime date_default_timezone_get microtime ini_get ini_get_all php_sapi_name phpversion php_uname php_ini_loaded_file
    php_ini_scanned_files extension_loaded get_loaded_extensions phpinfo memory_get_usage memory_get_peak_usage sys_getloadavg
    gethostname getmypid json_encode json_decode md5 sha1 hash base64_encode base64_decode bin2hex hex2bin dechex hexdec round
    floor ceil abs min max array_sum array_keys array_values array_key_exists in_array sort ksort range is_array is_null isset
    empty intdiv PHP_EOL PHP_VERSION PHP_OS PHP_OS_FAMILY PHP_INT_MAX PHP_INT_SIZE PHP_BINARY PHP_SAPI DATE_ATOM
    JSON_PRETTY_PRINT E_ALL opcache_get_status opcache_get_configuration apcu_cache_info apcu_sma_info getenv exit`),
  members: new Set(),
  forbidden: new Set(),
  divided: () => true,
  access: new Set(),
  locals: [],
  functions: [],
  refused: /`|<\?|\?>|\$\$|\$\{|\{\$|<<</,
  inside: () => [],
  allows: (tokens: readonly Token[], at: number) =>
    !(tokens[at]?.text === '(' && tokens[at - 1]?.kind === 'variable') && tokens[at]?.text !== '$',
};
