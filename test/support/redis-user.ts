import { script } from './stores.js';

/** The user of Redis that the README tells operators to make. */
export function userOfReadme(): { name: string; password: string; rules: string[] } {
  const line = /^ACL SETUSER (?<name>\S+) (?<rules>on >(?<password>\S+) .+)$/m.exec(script('README.md'));
  if (!line?.groups) throw new Error('The README has no line that makes a user of Redis.');
  const { name, password, rules } = line.groups;
  return { name, password, rules: rules.split(' ') };
}
