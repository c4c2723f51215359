/** Calls with the seconds that are left, now and each second, and with 0 at the end. @returns a function that ends it */
export function countDown(untilMs, onSecond) {
  let timer;
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((untilMs - Date.now()) / 1_000));
    if (seconds === 0) clearInterval(timer);
    onSecond(seconds);
  };
  timer = setInterval(tick, 1_000);
  tick();
  return () => clearInterval(timer);
}

/** Such as 9:05. */
export function clockTime(seconds) {
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const parts = hours > 0 ? [hours, String(minutes).padStart(2, '0')] : [minutes];
  return [...parts, String(seconds % 60).padStart(2, '0')].join(':');
}
