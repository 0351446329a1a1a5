import prod from '../../../../environments/prod.ts';

export default {
  ...prod,
  senders: ['booking@example'],
  stripCalendarFor: ['Organizer <organizer@example.com>'],
};
