/** How status callbacks reach their receiver. */
export const CALLBACK_MODES = [
  'normal',
  'delayed',
  'duplicated',
  'reordered',
  'before_answer',
  'unsigned',
  'none',
] as const;

export type CallbackMode = (typeof CALLBACK_MODES)[number];
