/**
 * Libraries that print what they do when DEBUG is set print passwords and codes with it: ioredis each command with its
 * arguments. This module is imported before them. Of NODE_DEBUG, which cannot be taken back, the checks of the
 * configuration refuse what prints bodies.
 */
delete process.env.DEBUG;
