import EventIcon from '@mui/icons-material/WebhookOutlined';
import { EventList } from './EventList';
import { EventShow } from './EventShow';

export const stripeEvents = {
  name: 'stripe-events',
  icon: EventIcon,
  list: EventList,
  show: EventShow,
  options: { label: 'Stripe events' },
  recordRepresentation: 'type',
};
