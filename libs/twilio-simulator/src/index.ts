export { Faults } from './faults.js';
export type { Fault } from './faults.js';
export { Inbox } from './inbox.js';
export type { InboxMessage } from './inbox.js';
export { inboxRoutes } from './inbox.routes.js';
export type { InboxRoutesOptions } from './inbox.routes.js';
export { TwilioSimulator } from './twilio.simulator.js';
export type { ReceivedRequest, TwilioSimulatorOptions } from './twilio.simulator.js';
