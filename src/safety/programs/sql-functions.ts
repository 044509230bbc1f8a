import type { Risk } from '../verdict.ts';
import { finding, type ProgramFinding } from './finding.ts';

/** Functions of PostgreSQL, MySQL, BigQuery, ClickHouse and SQL Server that only compute or report. Any other name may do anything. */
const PURE = new Set(
  `abs acos age any any_value approx_count_distinct approx_percentile approx_quantiles approx_top_count array_agg
  array_append array_cat array_dims array_fill array_join array_length array_lower array_max array_min array_ndims
  array_position array_positions array_prepend array_remove array_replace array_sample array_to_json array_to_string
  array_upper arraydistinct arrayelement arrayjoin arraymap ascii asin atan atan2 avg avgif bin bit_and bit_count
  bit_length bit_or bool_and bool_or broadcast btrim bytestostring cardinality cast cbrt ceil ceiling char char_length
  character_length charindex chr clock_timestamp coalesce col_description collation concat concat_ws conv convert
  convert_from convert_to corr cos cot count count_if countif covar_pop covar_samp crc32 cume_dist curdate current_catalog
  current_database current_date current_datetime current_query current_role current_schema current_schemas current_setting
  current_time current_timestamp current_user currval curtime database date date_add date_bin date_diff date_format
  date_from_unix_date date_part date_sub date_trunc dateadd datediff datename datepart daterange datetime datetime_diff
  datetime_sub datetime_trunc day dayname dayofmonth dayofweek dayofyear db_id db_name decode degrees dense_rank div elt
  emptyarrayaselement encode eomonth every exists exp export_set extract field finalizeaggregation find_in_set first_value
  floor format format_bytes format_encoding format_pico_time format_type formatdatetime formatreadablequantity
  formatreadablesize formatreadabletimedelta found_rows from_base64 from_days from_unixtime fromunixtimestamp
  fromunixtimestamp64milli gen_random_uuid generate_array generate_date_array generate_series generate_subscripts get_bit
  get_byte getdate getutcdate greatest group_concat grouparray grouping groupuniqarray has hasany hashtext height hex host
  hostname hour if ifnull iif inet_aton inet_client_addr inet_client_port inet_ntoa inet_server_addr inet_server_port
  initcap instr int4range int8range intdiv interval isempty isfinite isnull json json_agg json_array json_array_elements
  json_array_elements_text json_array_length json_arrayagg json_build_array json_build_object json_contains
  json_contains_path json_depth json_each json_each_text json_extract json_extract_path json_extract_path_text
  json_extract_scalar json_format json_keys json_length json_object json_object_agg json_object_keys json_objectagg
  json_parse json_populate_record json_pretty json_query json_quote json_search json_strip_nulls json_table json_to_record
  json_to_recordset json_type json_typeof json_unquote json_valid json_value jsonb_agg jsonb_array_elements
  jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text
  jsonb_extract_path jsonb_extract_path_text jsonb_object jsonb_object_agg jsonb_object_keys jsonb_path_exists
  jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_pretty jsonb_set jsonb_strip_nulls
  jsonb_to_record jsonb_to_recordset jsonb_typeof justify_days justify_hours justify_interval lag last_day last_insert_id
  last_value lastval lcase lead least left len length listagg ln local localtime localtimestamp locate log log10 log2
  logical_and logical_or lower lower_inc lpad ltrim make_date make_interval make_time make_timestamp make_timestamptz
  makedate maketime masklen max maxif md5 medianexact microsecond mid min minif minute mod mode month monthname multirange
  name_const netmask network next_day now nth_value ntile nullif num_nonnulls num_nulls numeric numrange nvl nvl2
  obj_description object_id object_name object_schema_name oct octet_length ord overlay parse_date parse_ident
  parse_timestamp parsedatetimebesteffort patindex percent_rank percentile_cont percentile_disc period_add period_diff
  pg_available_extensions pg_backend_pid pg_blocking_pids pg_char_to_encoding pg_client_encoding pg_collation_for
  pg_column_compression pg_column_size pg_conf_load_time pg_control_checkpoint pg_control_init pg_control_recovery
  pg_control_system pg_current_logfile pg_current_snapshot pg_current_wal_flush_lsn pg_current_wal_insert_lsn
  pg_current_wal_lsn pg_database_collation_actual_version pg_database_size pg_describe_object pg_encoding_to_char
  pg_filenode_relation pg_function_is_visible pg_get_constraintdef pg_get_expr pg_get_function_arguments
  pg_get_function_identity_arguments pg_get_function_result pg_get_functiondef pg_get_indexdef pg_get_keywords
  pg_get_partkeydef pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef pg_get_triggerdef pg_get_userbyid
  pg_get_viewdef pg_has_role pg_identify_object pg_index_column_has_property pg_index_has_property pg_indexam_has_property
  pg_indexes_size pg_input_is_valid pg_is_in_backup pg_is_in_recovery pg_is_wal_replay_paused pg_jit_available
  pg_last_committed_xact pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp
  pg_last_xlog_receive_location pg_last_xlog_replay_location pg_listening_channels pg_lock_status pg_my_temp_schema
  pg_notification_queue_usage pg_options_to_table pg_partition_ancestors pg_partition_root pg_partition_tree
  pg_postmaster_start_time pg_relation_filenode pg_relation_filepath pg_relation_size pg_safe_snapshot_blocking_pids
  pg_settings_get_flags pg_show_all_settings pg_size_bytes pg_size_pretty pg_snapshot_xmax pg_snapshot_xmin
  pg_table_is_visible pg_table_size pg_tablespace_databases pg_tablespace_location pg_tablespace_size pg_timezone_names
  pg_total_relation_size pg_trigger_depth pg_type_is_visible pg_typeof pg_wal_lsn_diff pg_walfile_name
  pg_walfile_name_offset pg_xact_commit_timestamp pg_xact_status pg_xlog_location_diff pi position pow power
  ps_current_thread_id quantile quantileexact quantiles quantiletdigest quarter quote quote_ident quote_literal
  quote_nullable radians random random_uuid range_agg rank regexp_contains regexp_count regexp_extract regexp_extract_all
  regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table
  regexp_substr regr_slope repeat replace reverse right round row row_count row_number row_to_json rpad rtrim
  runningdifference safe_cast safe_divide schema schema_name sec_to_time second serverproperty session_user sha sha1 sha2
  sha224 sha256 sha2_hex sha384 sha512 shobj_description sign sin soundex space split_part splitbychar sqrt starts_with
  statement_timestamp std stddev stddev_pop stddev_samp str_to_date strcmp strftime string_agg string_to_array
  string_to_table strpos stuff subdate substr substring substring_index subtime sum sumif suser_sname sysdate sysdatetime
  system_user sysutcdatetime tan text time time_format time_to_sec timediff timeofday timestamp timestamp_add
  timestamp_diff timestamp_micros timestamp_millis timestamp_seconds timestamp_sub timestamp_trunc timestampadd
  timestampdiff to_base64 to_char to_date to_days to_hex to_json to_jsonb to_number to_regclass to_regproc to_regtype
  to_seconds to_timestamp to_varchar todate todatetime today todayofweek tohour toint32 toint64 tostartofday
  tostartoffifteenminutes tostartoffiveminutes tostartofhour tostartofinterval tostartofminute tostartofmonth
  tostartofweek tostring touint32 touint64 tounixtimestamp toyyyymm toyyyymmdd transaction_timestamp translate trim
  trim_array trunc truncate try_cast tsrange tstzrange txid_current txid_current_if_assigned txid_current_snapshot
  txid_snapshot_xmax txid_snapshot_xmin txid_status typeof ucase unhex uniq uniqexact unistr unix_millis unix_seconds
  unix_timestamp unnest upper upper_inc uptime url_extract_host user utc_date utc_time utc_timestamp uuid uuid_generate_v4
  uuid_short values var_pop var_samp variance version week weekday weekofyear width_bucket xmlagg xmlelement xmlforest
  year yearweek yesterday`
    .split(/\s+/)
    .filter((name) => name !== ''),
);
/** Families that only report; each is documented as a set. */
const PURE_FAMILY =
  /^(pg_stat_get_(?!reset)\w+|pg_stat_statements(_info)?|has_\w+_privilege|pg_ls_(waldir|logdir|tmpdir|archive_statusdir)|pg_opclass_is_visible)$/;

/** Functions with a known effect. */
const EFFECTS: ReadonlyMap<string, readonly [Risk, string]> = new Map([
  ['pg_terminate_backend', ['caution', 'ends sessions of the database']],
  ['pg_cancel_backend', ['caution', 'cancels running queries']],
  ['pg_reload_conf', ['caution', 'reloads the configuration']],
  ['pg_rotate_logfile', ['caution', 'rotates the log']],
  ['pg_switch_wal', ['caution', 'starts a new write-ahead log file']],
  ['pg_switch_xlog', ['caution', 'starts a new write-ahead log file']],
  ['pg_create_restore_point', ['caution', 'writes a restore point']],
  ['pg_create_physical_replication_slot', ['caution', 'makes a replication slot']],
  ['pg_create_logical_replication_slot', ['caution', 'makes a replication slot']],
  ['pg_wal_replay_pause', ['caution', 'pauses replication']],
  ['pg_wal_replay_resume', ['caution', 'resumes replication']],
  ['pg_advisory_lock', ['caution', 'takes a lock']],
  ['pg_advisory_unlock_all', ['caution', 'gives up locks']],
  ['pg_stat_reset', ['danger', 'discards the statistics']],
  ['pg_stat_reset_shared', ['danger', 'discards the statistics']],
  ['pg_stat_statements_reset', ['danger', 'discards the statistics']],
  ['set_config', ['caution', 'changes a setting']],
  ['setval', ['caution', 'moves a sequence']],
  ['nextval', ['caution', 'moves a sequence']],
  ['pg_sleep', ['caution', 'keeps the session waiting']],
  ['pg_sleep_for', ['caution', 'keeps the session waiting']],
  ['pg_sleep_until', ['caution', 'keeps the session waiting']],
  ['sleep', ['caution', 'keeps the session waiting']],
  ['benchmark', ['caution', 'burns processor time']],
  ['get_lock', ['caution', 'takes a lock']],
  ['pg_promote', ['danger', 'promotes the standby, which cannot be undone']],
  ['pg_drop_replication_slot', ['danger', 'drops a replication slot']],
  ['pg_replication_slot_advance', ['danger', 'throws away changes a replica has not read']],
  ['pg_replication_origin_drop', ['danger', 'drops the record of a replication']],
  ['pg_logical_slot_get_changes', ['danger', 'consumes changes a replica has not read']],
  ['pg_logical_slot_get_binary_changes', ['danger', 'consumes changes a replica has not read']],
  ['pg_read_file', ['caution', 'reads a file of the server']],
  ['pg_read_binary_file', ['caution', 'reads a file of the server']],
  ['pg_ls_dir', ['caution', 'lists a directory of the server']],
  ['pg_stat_file', ['caution', 'looks at a file of the server']],
  ['load_file', ['caution', 'reads a file of the server']],
  ['lo_export', ['danger', 'writes a file on the server']],
  ['lo_import', ['danger', 'reads a file of the server into the database']],
  ['lo_unlink', ['danger', 'deletes a large object']],
  ['lo_put', ['caution', 'writes a large object']],
  ['pg_file_write', ['danger', 'writes a file on the server']],
  ['pg_file_rename', ['danger', 'renames a file on the server']],
  ['pg_file_unlink', ['danger', 'deletes a file on the server']],
  ['query_to_xml', ['danger', 'runs a query given as text']],
  ['query_to_xml_and_xmlschema', ['danger', 'runs a query given as text']],
  ['dblink', ['danger', 'runs a query given as text on another server']],
  ['dblink_exec', ['danger', 'runs a query given as text on another server']],
  ['dblink_send_query', ['danger', 'runs a query given as text on another server']],
  ['dblink_open', ['danger', 'runs a query given as text on another server']],
  ['external_query', ['danger', 'runs a query given as text on another server']],
  ['openquery', ['danger', 'runs a query given as text on another server']],
  ['openrowset', ['danger', 'runs a query given as text on another server, or reads a file']],
  ['opendatasource', ['danger', 'reaches another server']],
  ['http', ['danger', 'sends a request']],
  ['http_get', ['danger', 'sends a request']],
  ['http_post', ['danger', 'sends a request']],
  ['http_put', ['danger', 'sends a request']],
  ['http_delete', ['danger', 'sends a request']],
  ['http_patch', ['danger', 'sends a request']],
  ['query_export_to_s3', ['danger', 'sends rows out']],
  ['add_job', ['danger', 'schedules work']],
  ['run_job', ['danger', 'runs code of the database']],
  ['add_retention_policy', ['danger', 'schedules the removal of data']],
  ['drop_chunks', ['danger', 'drops data']],
  ['sys_exec', ['danger', 'runs a program on the server']],
  ['sys_eval', ['danger', 'runs a program on the server']],
  ['load_extension', ['danger', 'loads program code into the database']],
  ['writefile', ['danger', 'writes a file']],
  ['edit', ['danger', 'starts an editor']],
]);

/** Packages and schemas whose every function reaches other machines, runs programs or schedules work. */
const REACHING =
  /^(utl_(http|smtp|tcp|mail|file|inaddr|url)|httpuritype|dbms_(scheduler|job|ldap|java\w*|xslprocessor|advisor|backup_restore|cloud|file_transfer|datapump|aq\w*)|cron|net|aws_s3|aws_lambda|pgagent)$/;

/** What is to be said of a call of a function that is not known; its name may say that it removes something. */
export function unknownFunction(name: string): ProgramFinding {
  return REMOVES.test(name)
    ? finding(
        'sql.function.removes',
        'danger',
        `The name of the function ${name} says that it removes something.`,
      )
    : finding('sql.function.unknown', 'caution', `What the function ${name} does is not known.`);
}
const REMOVES = /(^|\.)(drop|delete|truncate|purge|wipe|erase|destroy)(?!d)_?[a-z]/i;

/**
 * What a call of the function of this name does; null when nobody knows. Names are in lower case; `schema` is the name
 * before it, or null.
 */
export function judgeFunction(
  name: string,
  schema: string | null,
): { readonly risk: Risk; readonly does: string | null } {
  if (REACHING.test(schema ?? name))
    return { risk: 'danger', does: 'reaches other machines or schedules work' };
  const effect = EFFECTS.get(name);
  if (effect) return { risk: effect[0], does: effect[1] };
  if (PURE.has(name) || PURE_FAMILY.test(name)) return { risk: 'safe', does: 'only computes' };
  return { risk: 'caution', does: null };
}
