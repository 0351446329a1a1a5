import { example } from '../../../../../test/example-settings.ts';

export default {
  ...example,
  senders: ['booking@example'],
  stripCalendarFor: ['Organizer <organizer@example.com>'],
};
