import { DateTimeInput, type DateTimeInputProps } from 'react-admin';

/** A day and a time as the reader's clock shows them, sent as a moment in UTC; empty is null. */
export const MomentInput = (props: DateTimeInputProps) => (
  <DateTimeInput parse={(value: string) => (value ? new Date(value).toISOString() : null)} {...props} />
);
