const KEY = 'playground.progress';

/** Where the user is: kept for a reload, in this tab alone. */
export function loadProgress() {
  const progress = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') ?? { step: 'number' };
  const isOver = progress.step === 'done' && progress.tokenExpiresAtMs <= Date.now();
  if (!isOver) return progress;
  clearProgress();
  return { step: 'number' };
}

export function saveProgress(progress) {
  sessionStorage.setItem(KEY, JSON.stringify(progress));
}

export function clearProgress() {
  sessionStorage.removeItem(KEY);
}
