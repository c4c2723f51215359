/** What a code is for. */
export const PURPOSES = ['register', 'login', 'reset_password', 'bind_phone'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** These need the switch `server.enable_mobile_register`. */
export const REGISTRATION_PURPOSES: readonly Purpose[] = ['register', 'reset_password'];
