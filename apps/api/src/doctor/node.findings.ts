import type { Finding } from './finding.js';

const OLDEST = [20, 19];

export function nodeFinding(version = process.versions.node): Finding {
  const [major, minor] = version.split('.').map(Number);
  const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return {
    check: 'node',
    result: isNewEnough ? 'pass' : 'fail',
    seen: `This is Node ${version}.`,
    ...(!isNewEnough && { fix: `Install Node ${OLDEST.join('.')} or newer.` }),
  };
}
