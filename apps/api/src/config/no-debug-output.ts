/**
 * Libraries that print what they do when DEBUG is set print passwords and codes with it: ioredis each command with its
 * arguments. This module is imported before them.
 */
delete process.env.DEBUG;
