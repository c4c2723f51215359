// Preloaded into a process: at SIGUSR2, errors that nobody catches, such as clients of stores and of HTTP throw.
process.once('SIGUSR2', () => {
  void Promise.reject(errorWithSecrets());
  setTimeout(() => {
    throw errorWithSecrets();
  }, 20);
});

function errorWithSecrets() {
  const { SERVER_SECRET, TWILIO_SMS_AUTH_TOKEN } = process.env;
  return Object.assign(new Error(`NOAUTH ${SERVER_SECRET}`), {
    command: { name: 'auth', args: [SERVER_SECRET] },
    config: { headers: { Authorization: TWILIO_SMS_AUTH_TOKEN } },
    cause: new Error(SERVER_SECRET),
  });
}
