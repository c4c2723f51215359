// Stops its process (SIGSTOP) once, when a message to STOP_PHONE is reserved and Twilio is about to be asked for it.

/** What the process wrote last lets go of its lock by then, on a thread of lmdb's: others on the same folder wait for it. */
const SETTLE_MS = 100;

const { STOP_PHONE: phone } = process.env;
const { TwilioTransport } = await import(
  new URL('../../../dist/libs/sms/src/twilio/twilio.transport.js', import.meta.url)
);

let isDue = true;
const { request } = TwilioTransport.prototype;
TwilioTransport.prototype.request = function (message) {
  if (isDue && message.data?.To === phone) {
    isDue = false;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_MS);
    process.kill(process.pid, 'SIGSTOP');
  }
  return request.call(this, message);
};
