/** Twilio's statuses of a message, as a state of ours and in a word: those that the server shows too. */
export const STATUSES = {
  accepted: ['wait', 'Accepted'],
  queued: ['wait', 'Queued'],
  sending: ['wait', 'Sending'],
  sent: ['wait', 'Sent'],
  delivered: ['ok', 'Delivered'],
  undelivered: ['bad', 'Undelivered'],
  failed: ['bad', 'Failed'],
  received: ['info', 'Received'],
};
