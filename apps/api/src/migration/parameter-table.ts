/** The table of the old system that holds its parameters. */
export const TABLE = 'sys_params';

export const NAME_COLUMN = 'param_code';
export const VALUE_COLUMN = 'param_value';

/** All columns of the table, in its order. */
export const TABLE_COLUMNS: readonly string[] = [
  'id',
  NAME_COLUMN,
  VALUE_COLUMN,
  'value_type',
  'param_type',
  'remark',
  'creator',
  'create_date',
  'updater',
  'update_date',
];
